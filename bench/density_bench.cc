// What many live sandboxes cost: density_bench COUNT PACK CODE_CACHE. Prints one JSON object: the
// cost of one more sandbox beside 1, 10, 100 ... COUNT that wait, each with a bash, in nanoseconds
// of wall time; the memory of one that waits, in bytes; and CPU time of this process in a
// millisecond in which all wait.
#include <time.h>

#include <memory>
#include <thread>

#include "bench/crowd.h"

namespace cloche::bench {
namespace {

constexpr auto kIdle = std::chrono::seconds(1);

int64_t process_cpu_ns() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

// Bytes that this process has for itself.
double private_memory() {
  std::FILE* file = std::fopen("/proc/self/smaps_rollup", "re");
  if (file == nullptr) fail("no /proc/self/smaps_rollup");
  char line[256];
  unsigned long kilobytes = 0;
  while (std::fgets(line, sizeof line, file) != nullptr) {
    if (std::sscanf(line, "Pss: %lu kB", &kilobytes) == 1) break;
  }
  std::fclose(file);
  return static_cast<double>(kilobytes) * 1024;
}

// One sandbox from nothing to nothing.
double hello_ns(const Host& host) {
  const auto start = Clock::now();
  {
    auto sandbox = value_of(Sandbox::create(host, {}));
    const auto result = value_of(sandbox.run({"bash", "-c", "echo hello"}));
    if (result.stdout_bytes != "hello\n") fail("the guest said '" + result.stdout_bytes + "'");
  }
  return ns_since(start);
}

void measure_hello(Report& report, const Host& host, size_t live) {
  std::vector<double> times;
  for (int i = 0; i < 100; ++i) times.push_back(hello_ns(host));
  report.print("hello beside " + std::to_string(live), percentile(times, 0),
               percentile(times, 0.5));
}

void measure(Report& report, const Host& host, size_t count) {
  (void)hello_ns(host);
  std::vector<std::unique_ptr<Parked>> parked;
  parked.push_back(std::make_unique<Parked>(host));
  const double before = private_memory();
  for (size_t live = 1; live <= count; live *= 10) {
    while (parked.size() < live) parked.push_back(std::make_unique<Parked>(host));
    measure_hello(report, host, live);
  }
  while (parked.size() < count) parked.push_back(std::make_unique<Parked>(host));
  const double all = private_memory();
  report.print("memory of one", (all - before) / static_cast<double>(count - 1));
  report.print("memory of all", all);
  const int64_t cpu = process_cpu_ns();
  std::this_thread::sleep_for(kIdle);
  report.print("idle", static_cast<double>(process_cpu_ns() - cpu) /
                           std::chrono::duration<double, std::milli>(kIdle).count());
}

}  // namespace
}  // namespace cloche::bench

int main(int argc, char** argv) {
  using namespace cloche;  // NOLINT
  const unsigned long count = argc == 4 ? std::strtoul(argv[1], nullptr, 10) : 0;
  if (count < 2) bench::fail("usage: density_bench COUNT PACK CODE_CACHE");
  const Host host = bench::value_of(Host::create({.pack = argv[2], .cache_dir = argv[3]}));
  bench::Report report;
  bench::measure(report, host, count);
  return 0;
}
