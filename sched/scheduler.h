// Many tasks on a few worker threads: weighted shares in groups, quotas, CPU sets, sleep and wake.
//
// A task is an actor (design D2): it runs on at most one worker at a time, a turn at a time, and
// what a turn wrote the next one sees, wherever it runs. Workers are grouped in *crews* of up to
// `workers_per_crew`, one of them on most hosts. A crew has one queue and one lock, held for a few
// hundred ns at a switch, a sleep or a wake; there is no other lock in these paths. Members of the
// root (a sandbox alone, or a group with all below it) belong to one crew at a time; those without
// a CPU set move to another when that one has less to do. docs/scheduling.md has the reasons.
//
// Thread class: everything here is safe, if nothing else is said.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "sched/bandwidth.h"
#include "sched/cpu_set.h"
#include "sched/member.h"
#include "sched/reactor.h"
#include "sched/weight.h"

namespace cloche::sched {

struct Crew;
class Scheduler;

// What a task sees of its turn. Lives only for the turn.
class Turn {
 public:
  // CPU time after which the task should stop. It may stop earlier; when it stops later, that is
  // charged all the same.
  int64_t slice_ns() const { return slice_ns_; }
  // Somebody else needs the worker now: stop as soon as that is possible. In any thread; what an
  // engine polls at its ticks.
  bool should_yield() const noexcept { return asked_.load(std::memory_order_relaxed); }

  // CPU time that a thread of the host spent for the guest beside the turns: it counts as if the
  // guest had used it in this one, and so is a debt. In the worker's thread.
  void add_guest_time(int64_t ns) { more_ns_ += ns; }

  // While one lives, the CPU time of this thread is the host's work for the task (a tool handler,
  // I/O of the host), not the guest's. In the worker's thread; do not nest.
  class HostWork {
   public:
    explicit HostWork(Turn& turn) : turn_(turn), start_ns_(turn.clock_.cpu_ns()) {}
    ~HostWork() { turn_.host_ns_ += turn_.clock_.cpu_ns() - start_ns_; }
    HostWork(const HostWork&) = delete;
    HostWork& operator=(const HostWork&) = delete;

   private:
    Turn& turn_;
    const int64_t start_ns_;
  };

 private:
  friend class Worker;
  friend bool run_alone(class Task& task, Clock& clock, const std::atomic<bool>& crowded);
  Turn(int64_t slice_ns, const std::atomic<bool>& asked, Clock& clock)
      : slice_ns_(slice_ns), asked_(asked), clock_(clock) {}
  const int64_t slice_ns_;
  const std::atomic<bool>& asked_;
  Clock& clock_;
  int64_t host_ns_ = 0, more_ns_ = 0;
};

// How a turn ended.
struct Outcome {
  enum class Then : uint8_t {
    kReady,  // it wants to go on
    kSleep,  // until `deadline_ns`, or one of `waits` is ready, or wake(); none: until wake()
    kDone,   // never again
  };
  Then then = Then::kReady;
  int64_t deadline_ns = kNever;        // monotonic
  std::span<const FdWait> waits = {};  // good until the next turn, or until the task is removed
};

// What a sandbox is to the scheduler.
class Task {
 public:
  // One turn, on some worker. A wake() since the turn began makes a sleep end at once, so the task
  // looks for events first and sleeps then. Must not throw, nor wait for anything for long: a
  // worker is busy meanwhile.
  virtual Outcome run(Turn& turn) noexcept = 0;

 protected:
  ~Task() = default;
};

// What a task or a group gets.
struct Share {
  Weight weight = kDefaultWeight;   // cpu.weight, among its siblings
  std::optional<Quota> quota = {};  // cpu.max
  CpuSet cpus = {};                 // cpuset.cpus; empty: all
  // How much CPU time it asks for at a time. Shorter: it is served sooner, in more turns, but not
  // more.
  int64_t slice_ns = 3'000'000;
};

struct TaskRecord;
struct GroupRecord;

// What tasks and groups have in common. Copies name the same one; all functions may be called from
// any thread while it runs, and take effect at the next switch, which they hasten.
class Handle {
 public:
  // 1..; see weight.h.
  void set_weight(Weight weight);
  // kInvalidArgument: check_quota() says no.
  Status set_quota(const std::optional<Quota>& quota);
  // Empty: all. What counts is the part that its groups have, and if that is none, what they have.
  // kInvalidArgument: none of them is served by the crew to which it belongs, whose CPUs the
  // message names.
  Status set_cpus(const CpuSet& cpus);
  // A group: all in it. When this returns, a turn may still be under way, which was asked to yield;
  // Hold waits for it.
  void pause();
  void resume();
  Usage usage() const;

 protected:
  friend class Scheduler;
  Handle(Scheduler& scheduler, std::shared_ptr<void> owner, Member& member)
      : scheduler_(&scheduler), owner_(std::move(owner)), member_(&member) {}
  void set_paused(bool paused);

  Scheduler* scheduler_;
  std::shared_ptr<void> owner_;
  Member* member_;
};

// Outlived by the Scheduler.
class GroupHandle : public Handle {
 private:
  friend class Scheduler;
  GroupHandle(Scheduler& scheduler, const std::shared_ptr<GroupRecord>& record);
};

class TaskHandle : public Handle {
 public:
  // Ends its sleep, or the next one if it runs now. Cheap when that is under way already: one
  // atomic exchange. Not async-signal-safe: a signal handler writes to an eventfd that the task
  // waits for.
  void wake();
  // Never runs again, and does not run when this returns: waits for the turn that is under way. The
  // Task may be destroyed then. Not from within its own turn. Nothing if it is done already.
  void remove();
  // While one lives, the task is in no turn and begins none, so its owner may touch what its turns
  // touch. Made, it waits for the turn under way, which is asked to yield, and for other Holds:
  // some ms. Not in the task's own turn. The task may be done, or removed meanwhile.
  class Hold {
   public:
    explicit Hold(const TaskHandle& task);
    ~Hold();
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    const std::shared_ptr<TaskRecord> record_;
  };

  // Waits until it is done (by its own outcome, or removed).
  void join() const;
  bool done() const;

 private:
  friend class Scheduler;
  TaskHandle(Scheduler& scheduler, const std::shared_ptr<TaskRecord>& record);
  std::shared_ptr<TaskRecord> shared_record() const;
  TaskRecord& record() const;
};

struct SchedulerOptions {
  // The workers, at most CpuSet::kCpus; worker i serves the i-th of `cpus`, beginning again at the
  // end. 0: one a CPU.
  unsigned workers = 0;
  CpuSet cpus = {};               // empty: those that the calling thread may run on
  unsigned workers_per_crew = 8;  // 1..; no more than kMaxWorkers count
  // Must answer several threads at once, as HostClock does. Outlives the scheduler.
  Clock* clock = nullptr;
  // Called when a turn is asked to yield, so that it looks at should_yield() soon and not only when
  // it would do so anyway. On any thread, with a lock held: only short and lock-free work. Null:
  // nobody is called.
  void (*prod)(void* env) noexcept = nullptr;
  void* prod_env = nullptr;
};

class Scheduler {
 public:
  // kInvalidArgument: no clock, or numbers out of range; kIo, kResourceExhausted: no descriptor or
  // no thread left.
  static Result<std::unique_ptr<Scheduler>> create(const SchedulerOptions& options);
  // All tasks are done; CHECKed.
  ~Scheduler();

  // `parent` null: a member of the root. kInvalidArgument: as set_quota() and set_cpus(), a weight
  // or a slice of 0, or kMaxDepth groups within each other.
  Result<GroupHandle> add_group(const Share& share, const GroupHandle* parent = nullptr);
  // Makes the task ready. It outlives its last turn (TaskHandle::join, remove).
  Result<TaskHandle> add(Task& task, const Share& share, const GroupHandle* parent = nullptr);

  unsigned workers() const;
  CpuSet cpus() const;  // those that workers serve

  struct State;  // of this folder

 private:
  explicit Scheduler(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cloche::sched
