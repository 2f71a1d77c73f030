// What counting costs: accounting_bench PART COUNT PACK CODE_CACHE. Prints one JSON object; shares
// of a CPU in parts per billion, all else in nanoseconds. PART is
// `idle`: COUNT sandboxes wait, each with a bash: CPU time of this process in a second;
// `busy`: COUNT sandboxes loop: the share of a CPU that the ticker's thread takes;
// `cost`: COUNT runs of a bash loop, and of one that forks: the parts of their CPU time that go
// into accounting and into the ticker's thread.
//
// The linker hands every call of the functions below that begin with wrap_ to those first
// (CMakeLists.txt), in all that is linked here. So the program that is measured is the real one,
// and what is measured is what it does.
#include <pthread.h>
#include <sys/resource.h>
#include <time.h>

#include <atomic>
#include <memory>

#include "bench/crowd.h"
#include "kernel/kernel.h"
#include "kernel/memory_guard.h"

struct wasm_engine_t;

namespace cloche::bench {

int real_clock(clockid_t id, timespec* time) asm("__real_clock_gettime");
int real_getrusage(int who, rusage* usage) asm("__real_getrusage");
kernel::KernelUsage real_usage(kernel::Kernel* self) asm("__real__ZN6cloche6kernel6Kernel5usageEv");
void real_check(kernel::MemoryGuard* self, kernel::Kernel& kernel,
                int64_t now) asm("__real__ZN6cloche6kernel11MemoryGuard5checkERNS0_6KernelEl");
void real_tick(wasm_engine_t* engine) asm("__real_wasmtime_engine_increment_epoch");

namespace {

double clock_ns(clockid_t id) {
  timespec time{};
  if (real_clock(id, &time) != 0) fail("a clock is missing");
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

double process_cpu_ns() { return clock_ns(CLOCK_PROCESS_CPUTIME_ID); }

// What the process did so far, but for the ticker's thread, which counts by its CPU time.
std::atomic<int64_t> accounting_ns = 0;
std::atomic<uint64_t> looks = 0, ticks = 0;
std::atomic<clockid_t> ticker_clock = 0;
thread_local bool is_ticker = false, is_counted = false;

double ticker_cpu_ns() { return ticker_clock == 0 ? 0 : clock_ns(ticker_clock); }

// Time from here to the end of the scope is accounting, that of one within another once. By the
// monotonic clock, whose own cost is so counted, too.
class Counted {
 public:
  Counted() : counts_(!is_counted && !is_ticker) {
    if (counts_) start_ns_ = clock_ns(CLOCK_MONOTONIC);
    is_counted = true;
  }
  ~Counted() {
    if (!counts_) return;
    is_counted = false;
    accounting_ns += static_cast<int64_t>(clock_ns(CLOCK_MONOTONIC) - start_ns_);
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  const bool counts_;
  double start_ns_ = 0;
};

}  // namespace

int wrap_clock(clockid_t id, timespec* time) asm("__wrap_clock_gettime");
int wrap_clock(clockid_t id, timespec* time) {
  const Counted counted;
  return real_clock(id, time);
}

int wrap_getrusage(int who, rusage* usage) asm("__wrap_getrusage");
int wrap_getrusage(int who, rusage* usage) {
  const Counted counted;
  return real_getrusage(who, usage);
}

kernel::KernelUsage wrap_usage(kernel::Kernel* self) asm("__wrap__ZN6cloche6kernel6Kernel5usageEv");
kernel::KernelUsage wrap_usage(kernel::Kernel* self) {
  const Counted counted;
  return real_usage(self);
}

void wrap_check(kernel::MemoryGuard* self, kernel::Kernel& kernel,
                int64_t now) asm("__wrap__ZN6cloche6kernel11MemoryGuard5checkERNS0_6KernelEl");
void wrap_check(kernel::MemoryGuard* self, kernel::Kernel& kernel, int64_t now) {
  const Counted counted;
  ++looks;
  real_check(self, kernel, now);
}

void wrap_tick(wasm_engine_t* engine) asm("__wrap_wasmtime_engine_increment_epoch");
void wrap_tick(wasm_engine_t* engine) {
  if (!is_ticker) {
    clockid_t clock;
    if (pthread_getcpuclockid(pthread_self(), &clock) != 0) fail("the ticker has no clock");
    ticker_clock = clock;
    is_ticker = true;
  }
  ++ticks;
  real_tick(engine);
}

namespace {

constexpr const char* kArithmetic =
    "n=0; for ((i=0;i<100000;i++)); do case $((i%4)) in 0) n=$((n+i));; 1|2) n=$((n-1));; "
    "*) n=$((n^i));; esac; done; echo $n";
constexpr const char* kForks = "for ((i=0;i<1000;i++)); do x=$(:); done";

void measure_idle(Report& report, const Host& host, size_t count) {
  std::vector<std::unique_ptr<Parked>> parked;
  while (parked.size() < count) parked.push_back(std::make_unique<Parked>(host));
  std::this_thread::sleep_for(std::chrono::seconds(1));  // the last one comes to rest
  std::vector<double> all;
  const uint64_t ticks_before = ticks;
  for (int i = 0; i < 5; ++i) {
    const double cpu = process_cpu_ns();
    std::this_thread::sleep_for(std::chrono::seconds(1));
    all.push_back(process_cpu_ns() - cpu);
  }
  report.print("idle, process", percentile(all, 0), percentile(all, 0.5));
  report.print("idle, ticks", static_cast<double>(ticks - ticks_before) / 5);
}

void measure_busy(Report& report, const Host& host, size_t count) {
  std::vector<std::unique_ptr<Running>> crowd;
  while (crowd.size() < count) crowd.push_back(std::make_unique<Running>(host, no_times(), kLoop));
  std::this_thread::sleep_for(std::chrono::seconds(1));
  std::vector<double> shares;
  const uint64_t ticks_before = ticks;
  const auto all = Clock::now();
  for (int i = 0; i < 5; ++i) {
    const auto start = Clock::now();
    const double cpu = ticker_cpu_ns();
    std::this_thread::sleep_for(std::chrono::seconds(1));
    shares.push_back((ticker_cpu_ns() - cpu) / ns_since(start) * 1e9);
  }
  const double ticked = static_cast<double>(ticks - ticks_before);
  report.print("busy, ticker", percentile(shares, 0), percentile(shares, 0.5));
  report.print("busy, ticks", ticked / ns_since(all) * 1e9);
}

struct Parts {
  std::vector<double> counted, ticker;  // of the CPU time of a run
};

// One run of a sandbox that is alone.
void run_once(const Host& host, const char* script, Parts& parts) {
  Sandbox sandbox = value_of(Sandbox::create(host, {}));
  const double cpu = process_cpu_ns(), ticker = ticker_cpu_ns();
  const int64_t counted = accounting_ns;
  if (!value_of(sandbox.run({"bash", "-c", script})).ok()) fail("the script failed");
  const double all = process_cpu_ns() - cpu;
  parts.counted.push_back(static_cast<double>(accounting_ns - counted) / all * 1e9);
  parts.ticker.push_back((ticker_cpu_ns() - ticker) / all * 1e9);
}

void measure_cost(Report& report, const Host& host, size_t runs) {
  for (const auto& [name, script] : {std::pair{"loop", kArithmetic}, std::pair{"forks", kForks}}) {
    Parts parts;
    run_once(host, script, parts);
    parts = {};
    const uint64_t looks_before = looks, ticks_before = ticks;
    for (size_t i = 0; i < runs; ++i) run_once(host, script, parts);
    if (looks == looks_before || ticks == ticks_before) fail("nothing was counted");
    const std::string which = name;
    report.print(which + ", accounting", percentile(parts.counted, 0),
                 percentile(parts.counted, 0.5));
    report.print(which + ", ticker", percentile(parts.ticker, 0), percentile(parts.ticker, 0.5));
  }
}

}  // namespace
}  // namespace cloche::bench

int main(int argc, char** argv) {
  using namespace cloche;         // NOLINT
  using namespace cloche::bench;  // NOLINT
  const std::string part = argc == 5 ? argv[1] : "";
  const unsigned long count = argc == 5 ? std::strtoul(argv[2], nullptr, 10) : 0;
  if (count < 1) fail("usage: accounting_bench PART COUNT PACK CODE_CACHE");
  const Host host = value_of(Host::create({.pack = argv[3], .cache_dir = argv[4]}));
  Report report;
  if (part == "idle") {
    measure_idle(report, host, count);
  } else if (part == "busy") {
    measure_busy(report, host, count);
  } else if (part == "cost") {
    measure_cost(report, host, count);
  } else {
    fail("no part '" + part + "'");
  }
  return 0;
}
