// Runs a Cell in virtual time: workers, tasks that compute and sleep as scripted, events from
// outside. One order of events, no thread, no clock.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "sched/cell.h"

namespace cloche::sched {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kSecond = 1000 * kMs;

// What a task does next: `compute` of CPU time, then sleep for `sleep` (kNever: until it is woken;
// less than zero: it is done).
struct Step {
  int64_t compute = kNever;
  int64_t sleep = kNever;
  int64_t host = 0;  // host time that comes with the computing
};
using Script = std::function<Step()>;
inline Script busy() {
  return [] { return Step{}; };
}
inline Script rhythm(int64_t compute, int64_t sleep) {
  return [compute, sleep] { return Step{compute, sleep}; };
}

class Simulation {
 public:
  // A task that is to stop does so when the time is a multiple of `tick` (1: at once).
  explicit Simulation(unsigned workers, int64_t tick = 1) : cell(numbers(workers)), tick_(tick) {
    for (unsigned i = 0; i < workers; ++i) {
      workers_.emplace_back();
      (void)cell.pick(i, now);
    }
  }
  ~Simulation();

  struct SimTask {
    SimTask(GroupNode& parent, Script script_)
        : node(nullptr, parent), script(std::move(script_)) {}
    TaskNode node;
    Script script;
    Step step;
    int64_t woken = -1;
    std::vector<int64_t> latencies;  // from each wake-up to the turn that followed
    std::map<unsigned, int64_t> cpu_on;
    int64_t cpu() const { return node.usage.cpu_ns; }
  };

  GroupNode& add_group(GroupNode* parent = nullptr, Weight weight = kDefaultWeight);
  SimTask& add(Script script, Weight weight = kDefaultWeight, GroupNode* group = nullptr,
               int64_t slice = 3 * kMs);
  void remove(SimTask& task);  // not while it runs
  void wake(SimTask& task);
  // Runs `event` when the time comes; then do what the cell asks.
  void at(int64_t time, std::function<void()> event) { events_.emplace(time, std::move(event)); }
  void run_until(int64_t time);
  void run_for(int64_t span) { run_until(now + span); }
  void obey();  // after calls to `cell`

  Cell cell;
  int64_t now = 0;
  int64_t idle_ns = 0;  // of all workers together

 private:
  struct Worker {
    SimTask* task = nullptr;
    int64_t start = 0, end = 0;
  };
  static std::vector<unsigned> numbers(unsigned count) {
    std::vector<unsigned> all(count);
    std::iota(all.begin(), all.end(), 0u);
    return all;
  }
  void begin(unsigned worker);
  void end(unsigned worker);
  int64_t next_event() const;
  int64_t round_up(int64_t time) const { return (time + tick_ - 1) / tick_ * tick_; }

  const int64_t tick_;
  std::vector<Worker> workers_;
  std::vector<std::unique_ptr<GroupNode>> groups_;
  std::map<TaskNode*, std::unique_ptr<SimTask>> tasks_;
  std::multimap<int64_t, std::function<void()>> events_;
};

}  // namespace cloche::sched
