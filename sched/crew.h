// Workers that share a cell: threads, the lock, and what passes between them. For scheduler.cc.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "sched/cell.h"
#include "sched/scheduler.h"
#include "sched/thread.h"

namespace cloche::sched {

// What a group is to the scheduler. Lives as long as a handle names it or something is in it.
struct GroupRecord final : GroupNode {
  GroupRecord(GroupNode& parent_, std::shared_ptr<GroupRecord> above)
      : GroupNode(&parent_), group(std::move(above)) {}
  ~GroupRecord();
  const std::shared_ptr<GroupRecord> group;  // null: a member of the root
};

// What a task is. Keeps itself until it is done.
struct TaskRecord final : TaskNode, Sleeper {
  TaskRecord(Task& task_, GroupNode& parent_, std::shared_ptr<GroupRecord> group_)
      : TaskNode(&task_, parent_), group(std::move(group_)) {}
  void ready() noexcept override;  // a descriptor is

  const std::shared_ptr<GroupRecord> group;  // null: a member of the root
  std::shared_ptr<TaskRecord> self;          // until it is done
  bool removing = false;                     // it is done after this turn, whatever that says
  Reactor* watched_by = nullptr;             // who knows it; of the worker, or of who removes it
  void stop_watching() {
    if (Reactor* reactor = std::exchange(watched_by, nullptr)) reactor->disarm(*this);
  }
  std::atomic<bool> done{false};
  // Not done.wait(), nor that of hold_changes: it spins with sched_yield() before it sleeps, and
  // under EEVDF who yields goes on some milliseconds after it is woken when all CPUs are busy.
  void join();
  // When the cell let go of it, without the lock, by who holds what was `self`: after this nobody
  // else may use it.
  void tell_done();
  // Holds: those that exist or wait, and whether one exists; with the crew's lock. The number
  // changes whenever one that waits should look again.
  uint32_t holds = 0;
  bool is_held = false;
  std::atomic<uint32_t> hold_changes{0};
  void tell_holds();
  void wait_for_change(uint32_t since);  // of hold_changes

 private:
  std::mutex told_mutex_;  // may be locked with the crew's lock held; nothing is locked in it
  std::condition_variable told_;
};

class Worker {
 public:
  Worker(Crew& crew, unsigned index, unsigned cpu) : crew_(crew), index_(index), cpu_(cpu) {}
  Status start() { return thread_.start<&Worker::main>(this); }
  void join() { thread_.join(); }
  bool is_this_thread() const { return thread_.is_this(); }

  // With the crew's lock.
  void ask_to_yield();
  void kick() {
    kicked_ = true;
    wakeup_.notify_one();
  }

 private:
  using Lock = std::unique_lock<std::mutex>;
  void main();
  void take_turn(const Cell::Turn& turn, Lock& lock);
  Cell::Stop run(TaskRecord& record, int64_t slice_ns);
  void watch(TaskRecord& record, Outcome& outcome);
  void rest(Lock& lock);

  Crew& crew_;
  const unsigned index_, cpu_;
  bool pinned_ = false;
  bool kicked_ = false;             // guarded by the crew's lock
  std::atomic<bool> asked_{false};  // to yield
  std::condition_variable wakeup_;
  Thread thread_;
};

struct Crew {
  Crew(Scheduler::State& scheduler, const SchedulerOptions& options,
       std::unique_ptr<Reactor> reactor, std::vector<unsigned> cpus);
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  int64_t now() const { return clock.monotonic_ns(); }
  // With the lock, after each call to `cell`: does what it asks.
  void obey();
  // With the lock, when timers may be due sooner than before: sees to it that an idle worker wakes
  // up in time. Not needed when none is idle: who runs stops in time.
  void keep_time();

  Scheduler::State& scheduler;
  Clock& clock;
  void (*const prod)(void* env) noexcept;  // as SchedulerOptions
  void* const prod_env;
  const std::unique_ptr<Reactor> reactor;
  const std::vector<unsigned> cpus;  // of the workers
  std::mutex mutex;
  Cell cell;                     // guarded by mutex, and all that follows
  Worker* timekeeper = nullptr;  // the idle worker that sleeps until `watched_ns` at most
  int64_t watched_ns = kNever;
  bool stopping = false;
  int64_t next_balance_ns = 0;
  std::vector<std::unique_ptr<Worker>> workers;  // fixed after the start

  // What others look at without the lock, to decide whether to take it.
  std::atomic<size_t> waiting{0};  // ready tasks
  std::atomic<bool> has_idle{false};
  std::atomic<int64_t> weight{0};  // of the members of the root that want the CPU, a worker
};

// The crew that the member belongs to, locked by `lock`.
Crew& lock_home(Member& member, std::unique_lock<std::mutex>& lock);
// Ends the task's sleep, or the next one.
void wake_task(TaskRecord& task);

// --- between crews. With a single one these return at once.

// How often a crew looks whether another has more to do for each of its workers.
constexpr int64_t kBalance_ns = 20'000'000;
// Moves one member of a root from the crew with most to do to this one; false: there is none that
// should move. Without locks held.
enum class Need : uint8_t { kIdle, kBalance };
// Wakes a worker of another crew that idles while tasks of this one wait for busy workers, so that
// it pulls some. Without locks held.
void offer_work(Crew& from);
bool pull_work(Scheduler::State& scheduler, Crew& to, Need need);

}  // namespace cloche::sched
