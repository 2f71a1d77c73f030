// What the programs of many figures that use sandboxes have in common.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "include/cloche/cloche.hpp"

namespace cloche::bench {

using Clock = std::chrono::steady_clock;

inline double ns_since(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

[[noreturn]] inline void fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(1);
}

// The value, or the end of the program.
template <class T>
T value_of(Expected<T> result) {
  if (!result) fail(result.error().message);
  return std::move(*result);
}

inline double percentile(std::vector<double> values, double part) {
  if (values.empty()) fail("nothing was measured");
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(part * static_cast<double>(values.size() - 1))];
}

// The JSON object that bench/run.py reads.
class Report {
 public:
  Report() { std::printf("{"); }
  ~Report() { std::printf("\n}\n"); }
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  // The figure is called a time there, whatever it is.
  void print(const std::string& name, double value) { print(name, value, value); }
  void print(const std::string& name, double least, double median) {
    std::printf("%s\n\"%s\": {\"min_ns\": %.1f, \"median_ns\": %.1f}", first_ ? "" : ",",
                name.c_str(), least, median);
    std::fflush(stdout);
    first_ = false;
  }

 private:
  bool first_ = true;
};

}  // namespace cloche::bench
