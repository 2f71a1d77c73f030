// What the scheduler costs and how soon it serves: sched_bench [SECONDS]. Prints one JSON object:
// for each name the least and the median of some repeats, in nanoseconds, or a percentile of all
// samples (then both are the same).
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "sched/scheduler.h"

namespace cloche::sched {
namespace {

using Then = Outcome::Then;

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kTick = kMs;  // of the engine: how often a guest looks whether it should stop

int64_t process_cpu_ns() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

void sleep_ns(int64_t ns) { std::this_thread::sleep_for(std::chrono::nanoseconds(ns)); }

void print(const char* name, double least, double median) {
  static bool first = true;
  printf("%s\"%s\": {\"min_ns\": %.1f, \"median_ns\": %.1f}", first ? "{\n" : ",\n", name, least,
         median);
  first = false;
}

void print_all(const char* name, std::vector<double> values) {
  std::sort(values.begin(), values.end());
  print(name, values.front(), values[values.size() / 2]);
}

std::unique_ptr<Scheduler> make_scheduler(HostClock& clock, unsigned workers = 0) {
  SchedulerOptions options;
  options.workers = workers;
  options.clock = &clock;
  return std::move(Scheduler::create(options).value());
}

// Gives the worker back at once.
struct Yielder final : Task {
  Outcome run(Turn&) noexcept override { return {}; }
};

// Computes and looks at each tick whether it should stop, as a guest does.
struct Busy final : Task {
  Outcome run(Turn& turn) noexcept override {
    HostClock clock;
    const int64_t end = clock.monotonic_ns() + turn.slice_ns();
    do {
      const int64_t tick = clock.monotonic_ns() + kTick;
      while (clock.monotonic_ns() < tick) {
      }
    } while (clock.monotonic_ns() < end && !turn.should_yield());
    return {};
  }
};

// Sleeps until it is woken; writes down how long after asked_ns it runs.
struct Interactive final : Task {
  Outcome run(Turn&) noexcept override {
    HostClock clock;
    const int64_t asked = asked_ns.exchange(0);
    if (asked) latencies.push_back(static_cast<double>(clock.monotonic_ns() - asked));
    while (clock.monotonic_ns() < asked + kMs / 5) {
    }
    return {.then = Then::kSleep};
  }
  std::atomic<int64_t> asked_ns{0};
  std::vector<double> latencies;  // of the worker until it is removed
};

struct Sleeping final : Task {
  Outcome run(Turn&) noexcept override {
    HostClock clock;
    return {.then = Then::kSleep, .deadline_ns = clock.monotonic_ns() + 3'600'000 * kMs};
  }
};

template <class T>
struct Crowd {
  Crowd(Scheduler& scheduler, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      tasks.push_back(std::make_unique<T>());
      handles.push_back(scheduler.add(*tasks.back(), {}).value());
    }
  }
  ~Crowd() {
    for (TaskHandle& handle : handles) handle.remove();
  }
  std::vector<std::unique_ptr<T>> tasks;
  std::vector<TaskHandle> handles;
};

// CPU time of a switch from one task to another on one worker: stop, charge, pick, start.
std::vector<double> switch_costs(Scheduler& scheduler, int repeats) {
  Crowd<Yielder> two(scheduler, 2);
  std::vector<double> costs;
  const auto switches = [&two] {
    return two.handles[0].usage().switches + two.handles[1].usage().switches;
  };
  for (int i = 0; i < repeats; ++i) {
    const uint64_t before = switches();
    const int64_t start = process_cpu_ns();
    sleep_ns(50 * kMs);
    const auto used = static_cast<double>(process_cpu_ns() - start);
    costs.push_back(used / static_cast<double>(switches() - before));
  }
  return costs;
}

void measure_switches(int repeats) {
  HostClock clock;
  auto scheduler = make_scheduler(clock, 1);
  print_all("switch", switch_costs(*scheduler, repeats));
  const Crowd<Sleeping> idle(*scheduler, 10'000);
  sleep_ns(100 * kMs);
  print_all("switch beside 10000 idle", switch_costs(*scheduler, repeats));
}

// CPU time of the whole process in each tick while all its tasks sleep.
void measure_idle(const char* name, size_t count, int repeats) {
  HostClock clock;
  auto scheduler = make_scheduler(clock);
  const Crowd<Sleeping> idle(*scheduler, count);
  sleep_ns(100 * kMs);
  std::vector<double> costs;
  for (int i = 0; i < repeats; ++i) {
    const int64_t start = process_cpu_ns();
    sleep_ns(100 * kTick);
    costs.push_back(static_cast<double>(process_cpu_ns() - start) / 100);
  }
  print_all(name, costs);
}

// From wake() to the turn, some 20 times a second, beside 100 tasks that want all they can get.
void measure_wakes(int64_t span_ns) {
  HostClock clock;
  auto scheduler = make_scheduler(clock);
  const Crowd<Busy> busy(*scheduler, 100);
  Interactive shell;
  TaskHandle handle = scheduler->add(shell, {}).value();
  std::mt19937 random(1);
  sleep_ns(300 * kMs);
  for (const int64_t end = clock.monotonic_ns() + span_ns; clock.monotonic_ns() < end;) {
    sleep_ns(40 * kMs + static_cast<int64_t>(random() % (20 * kMs)));
    shell.asked_ns = clock.monotonic_ns();
    handle.wake();
  }
  handle.remove();
  std::vector<double>& all = shell.latencies;
  std::sort(all.begin(), all.end());
  const auto at = [&all](double part) {
    return all[static_cast<size_t>(part * static_cast<double>(all.size() - 1))];
  };
  print("wake among 100 busy, p50", at(0.5), at(0.5));
  print("wake among 100 busy, p99", at(0.99), at(0.99));
}

// Four tasks of each of three weights on all workers: how far the CPU time of a weight is from its
// share, at most, in parts per billion.
void measure_shares(int64_t span_ns) {
  HostClock clock;
  auto scheduler = make_scheduler(clock);
  Crowd<Busy> busy(*scheduler, 12);
  for (size_t i = 0; i < 12; ++i) busy.handles[i].set_weight(kDefaultWeight << (i % 3));
  std::vector<double> before(3), used(3);
  const auto add_up = [&busy](std::vector<double>& sums) {
    for (size_t i = 0; i < 12; ++i)
      sums[i % 3] += static_cast<double>(busy.handles[i].usage().cpu_ns);
  };
  sleep_ns(100 * kMs);
  add_up(before);
  sleep_ns(span_ns);
  add_up(used);
  double all = 0, worst = 0;
  for (size_t i = 0; i < 3; ++i) all += used[i] -= before[i];
  for (size_t i = 0; i < 3; ++i) {
    const double due = all * static_cast<double>(1 << i) / 7;
    worst = std::max(worst, std::abs(used[i] / due - 1) * 1e9);
  }
  print("shares 1:2:4, worst", worst, worst);
}

// How far a task that may have a quarter of a CPU is from it, in parts per billion of a CPU.
void measure_quota(int64_t span_ns) {
  HostClock clock;
  auto scheduler = make_scheduler(clock);
  Crowd<Busy> busy(*scheduler, 1);
  CHECK(busy.handles[0].set_quota(Quota{25 * kMs, 100 * kMs}).ok());
  const int64_t before = busy.handles[0].usage().cpu_ns, start = clock.monotonic_ns();
  sleep_ns(span_ns);
  const auto used = static_cast<double>(busy.handles[0].usage().cpu_ns - before);
  const double off =
      std::abs(used / static_cast<double>(clock.monotonic_ns() - start) - 0.25) * 1e9;
  print("cpu.max 0.25, off", off, off);
}

}  // namespace
}  // namespace cloche::sched

int main(int argc, char** argv) {
  using namespace cloche::sched;
  const int64_t span_ns =
      (argc > 1 ? std::max(1L, std::strtol(argv[1], nullptr, 10)) : 5L) * 1000 * kMs;
  measure_switches(15);
  measure_idle("tick with 1000 idle", 1000, 15);
  measure_idle("tick with 10000 idle", 10'000, 15);
  measure_wakes(4 * span_ns);
  measure_shares(span_ns);
  measure_quota(span_ns);
  printf("\n}\n");
  return 0;
}
