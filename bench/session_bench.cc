// What a cell of a session costs: session_bench REPEATS PACK CODE_CACHE. Prints one JSON object:
// for each name the least and the median of the repeats, of one cell, in nanoseconds of wall time
// from the call of run_python() or run_js() to its return. The packs added to PACK must have
// Python.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "bench/latencies.h"

namespace cloche::bench {
namespace {

// The time of `action`, after once that is not measured.
template <class Action>
void measure(Report& report, const char* name, int repeats, const Action& action) {
  action();
  std::vector<double> times;
  for (int i = 0; i < repeats; i++) {
    const auto start = Clock::now();
    action();
    times.push_back(ns_since(start));
  }
  report.print(name, percentile(times, 0), percentile(times, 0.5));
}

void run(int repeats, char** argv) {
  const Host host = value_of(Host::create({.pack = argv[2], .cache_dir = argv[3]}));
  Sandbox sandbox = value_of(Sandbox::create(host, {}));
  const auto cell = [&sandbox](Language language) {
    const CodeResult result = value_of(sandbox.run_code({.code = "1 + 1", .language = language}));
    if (!result.ok() || result.value.data != "2") fail("1 + 1 gave '" + result.value.data + "'");
  };
  Report report;
  measure(report, "Python", repeats, [&cell] { cell(Language::kPython); });
  measure(report, "JavaScript", repeats, [&cell] { cell(Language::kJavaScript); });
  for (const auto& [name, language] : {std::pair{"Python, new", Language::kPython},
                                       std::pair{"JavaScript, new", Language::kJavaScript}}) {
    measure(report, name, std::max(1, repeats / 10), [&sandbox, &cell, language = language] {
      sandbox.close_session(language, "main");
      cell(language);
    });
  }
}

}  // namespace
}  // namespace cloche::bench

int main(int argc, char** argv) {
  if (argc != 4) cloche::bench::fail("usage: session_bench REPEATS PACK CODE_CACHE");
  cloche::bench::run(std::max(1, std::atoi(argv[1])), argv);
  return 0;
}
