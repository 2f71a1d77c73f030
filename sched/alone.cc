#include "sched/alone.h"

#include <poll.h>

#include <algorithm>

namespace cloche::sched {
namespace {

constexpr int64_t kLongestSleep_ns = 3'600'000'000'000;
constexpr int64_t kMillisecond_ns = 1'000'000;

void sleep(const Outcome& outcome, Clock& clock, std::vector<pollfd>& polled) {
  polled.clear();
  for (const FdWait& wait : outcome.waits) {
    polled.push_back({wait.fd, static_cast<short>(wait.events), 0});
  }
  int timeout = -1;
  if (outcome.deadline_ns != kNever) {
    const int64_t left =
        std::clamp<int64_t>(outcome.deadline_ns - clock.monotonic_ns(), 0, kLongestSleep_ns);
    timeout = static_cast<int>((left + kMillisecond_ns - 1) / kMillisecond_ns);
  }
  // A signal or an error ends it early: the task looks for itself.
  (void)poll(polled.data(), polled.size(), timeout);
}

}  // namespace

bool run_alone(Task& task, Clock& clock, const std::atomic<bool>& crowded) {
  const Share share;
  std::vector<pollfd> polled;
  while (!crowded.load(std::memory_order_relaxed)) {
    Turn turn(share.slice_ns, crowded, clock);
    const Outcome outcome = task.run(turn);
    if (outcome.then == Outcome::Then::kDone) return true;
    if (outcome.then == Outcome::Then::kSleep) sleep(outcome, clock, polled);
  }
  return false;
}

}  // namespace cloche::sched
