#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "sched/crew.h"

namespace cloche::sched {
namespace {

// Does a CPU set bind it?
bool is_bound(const Member& member) {
  for (const Member* at = &member; at; at = at->parent)
    if (!at->cpus.empty()) return true;
  return false;
}

// When the host can watch no more descriptors, the task looks for itself, this often.
constexpr int64_t kPollInstead_ns = 10'000'000;

// The host's own threads, such as one that joins a task, come before workers when they wake up:
// under Linux's EEVDF who asks for a shorter slice does (since 6.12; earlier ones tell of no slice,
// and nothing is done). Shares stay as they are.
void prefer_long_slices() {
  constexpr uint64_t kTimesDefault = 4, kLongest_ns = 100'000'000;
  // sched_attr of linux/sched/types.h, which cannot be included beside sched.h everywhere.
  struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
  } attributes{};
  attributes.size = sizeof attributes;
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
  if (attributes.policy != SCHED_OTHER || attributes.runtime == 0) return;
  attributes.runtime = std::min(attributes.runtime * kTimesDefault, kLongest_ns);
  (void)syscall(SYS_sched_setattr, 0, &attributes, 0);
}

// Far from what would overflow a clock.
constexpr int64_t kLongestRest_ns = 3'600'000'000'000;

}  // namespace

void Worker::ask_to_yield() {
  if (!asked_.exchange(true, std::memory_order_relaxed) && crew_.prod) crew_.prod(crew_.prod_env);
}

void Worker::main() {
  prefer_long_slices();
  Lock lock(crew_.mutex);
  while (!crew_.stopping) {
    const Cell::Turn turn = crew_.cell.pick(index_, crew_.now());
    crew_.obey();
    if (turn.task) {
      crew_.keep_time();
      take_turn(turn, lock);
    } else {
      rest(lock);
    }
  }
}

void Worker::take_turn(const Cell::Turn& turn, Lock& lock) {
  auto& record = *static_cast<TaskRecord*>(turn.task);
  asked_.store(false, std::memory_order_relaxed);
  const bool pin = !pinned_ && is_bound(record);
  const int64_t now = crew_.now();
  const bool balance = now >= crew_.next_balance_ns;
  if (balance) crew_.next_balance_ns = now + kBalance_ns;
  lock.unlock();
  offer_work(crew_);
  if (balance) (void)pull_work(crew_.scheduler, crew_, Need::kBalance);
  // A CPU that went offline is the one way to fail; the next turn tries again.
  if (pin) pinned_ = pin_this_thread(cpu_).ok();
  const Cell::Stop stop = run(record, turn.slice_ns);
  lock.lock();
  Cell::Stop as_asked = stop;
  if (record.removing) as_asked.then = Cell::Then::kDone;
  crew_.cell.stop(index_, as_asked, crew_.now());
  crew_.obey();
  if (record.holds > 0) record.tell_holds();
  if (as_asked.then != Cell::Then::kDone) return;
  auto self = std::move(record.self);
  lock.unlock();
  record.stop_watching();
  self->tell_done();
  lock.lock();
}

Cell::Stop Worker::run(TaskRecord& record, int64_t slice_ns) {
  record.stop_watching();
  record.notified.exchange(false);
  Turn turn(slice_ns, asked_, crew_.clock);
  const int64_t start = crew_.clock.cpu_ns();
  Outcome outcome = record.task->run(turn);
  const int64_t used = std::max<int64_t>(crew_.clock.cpu_ns() - start, 0);
  Cell::Stop stop;
  stop.host_ns = std::clamp<int64_t>(turn.host_ns_, 0, used);
  stop.cpu_ns = used - stop.host_ns + turn.more_ns_;
  switch (outcome.then) {
    case Outcome::Then::kReady:
      break;
    case Outcome::Then::kSleep:
      if (!outcome.waits.empty()) watch(record, outcome);
      stop.then = Cell::Then::kSleep;
      stop.deadline_ns = outcome.deadline_ns;
      break;
    case Outcome::Then::kDone:
      stop.then = Cell::Then::kDone;
      break;
  }
  return stop;
}

void Worker::watch(TaskRecord& record, Outcome& outcome) {
  if (crew_.reactor->arm(record, outcome.waits).ok())
    record.watched_by = crew_.reactor.get();
  else
    outcome.deadline_ns = std::min(outcome.deadline_ns, crew_.now() + kPollInstead_ns);
}

// Until it is kicked. One of the idle workers watches the timers.
void Worker::rest(Lock& lock) {
  lock.unlock();
  const bool got_work = pull_work(crew_.scheduler, crew_, Need::kIdle);
  lock.lock();
  if (got_work || crew_.stopping) return;
  const auto is_over = [this] { return kicked_ || crew_.stopping; };
  const int64_t next = crew_.cell.next_timer();
  if (next < crew_.watched_ns) {
    crew_.timekeeper = this;
    crew_.watched_ns = next;
    const int64_t wait = std::clamp<int64_t>(next - crew_.now(), 0, kLongestRest_ns);
    wakeup_.wait_for(lock, std::chrono::nanoseconds(wait), is_over);
  } else {
    wakeup_.wait(lock, is_over);
  }
  kicked_ = false;
  if (crew_.timekeeper != this) return;
  crew_.timekeeper = nullptr;
  crew_.watched_ns = kNever;
}

}  // namespace cloche::sched
