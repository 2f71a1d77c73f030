// The decisions of up to 64 workers that share one queue: which task each runs next and for how
// long, who is woken, who must make room.
//
// Pure: no clock, no lock, no thread; the caller says what time it is and what happened, and does
// what take_signals() asks. So the same code runs under a lock with threads (scheduler.cc) and in
// virtual time (cell_test.cc). Times are monotonic ns and must not go back.
//
// Thread class: unsafe; one lock guards a cell and all members in it. Cost: O(depth * log n) a call
// if nothing else is said.
#pragma once

#include <array>
#include <utility>
#include <vector>

#include "sched/member.h"

namespace cloche::sched {

class Cell {
 public:
  // A turn shorter than this costs more in switches than it is worth.
  static constexpr int64_t kMinTurn_ns = 100'000;
  // A group's share is not split by worker, so the workers that suit most of a group can use it up
  // and leave nothing for a task in it that must run on another. Such a task runs when it has
  // waited for this long, whatever its group is due.
  static constexpr int64_t kPatience_ns = 2'000'000'000;
  // Between workers and what they are asked for. Each bit is handed out once.
  struct Signals {
    WorkerMask kick = 0;   // is idle, and has something to pick now
    WorkerMask yield = 0;  // runs a task that should stop soon
  };
  struct Turn {
    TaskNode* task = nullptr;  // null: nothing to do; the worker counts as idle until it is kicked
    int64_t slice_ns = 0;
  };
  enum class Then : uint8_t { kReady, kSleep, kDone };
  struct Stop {
    int64_t cpu_ns = 0, host_ns = 0;  // used in this turn
    Then then = Then::kReady;
    int64_t deadline_ns = kNever;  // of kSleep
  };

  // 1..64 workers; worker i serves the CPU cpus[i].
  explicit Cell(const std::vector<unsigned>& cpus);
  Cell(const Cell&) = delete;
  Cell& operator=(const Cell&) = delete;

  GroupNode& root() { return root_; }
  WorkerMask workers() const { return workers_; }

  // --- members. A task is made with its parent, then added, then woken or picked. Groups need no
  // adding: one without tasks that want the CPU is in no queue.
  void add(TaskNode& task, int64_t now_ns);  // ready
  // Takes a task that does not run out for good.
  void remove(TaskNode& task, int64_t now_ns);

  // --- workers
  // The worker, which runs nothing, wants a turn.
  Turn pick(unsigned worker, int64_t now_ns);
  // The turn is over; a pick() follows at the same time. A task that was notified meanwhile does
  // not sleep; one that is kDone is out.
  void stop(unsigned worker, const Stop& stop, int64_t now_ns);
  TaskNode* running(unsigned worker) const { return running_[worker].task; }

  // --- events
  // Ends its sleep. Nothing if it does not sleep.
  void wake(TaskNode& task, int64_t now_ns);
  // Ends sleeps and throttling whose time has come. pick() does that, too.
  void advance(int64_t now_ns);
  int64_t next_timer() const { return timers_.next(); }  // or kNever
  Signals take_signals() { return std::exchange(signals_, {}); }

  // --- settings, at any time. Not of the root.
  void set_weight(Member& member, Weight weight);
  void set_slice(Member& member, int64_t slice_ns);
  void set_quota(Member& member, const std::optional<Quota>& quota, int64_t now_ns);
  // Within what the groups above it allow; if that leaves none, what they allow (as cgroup v2's
  // cpuset.cpus.effective). Linear in the queued tasks of a group.
  void set_cpus(Member& member, const CpuSet& cpus, int64_t now_ns);
  // A group: all that is in it.
  void set_paused(Member& member, bool paused, int64_t now_ns) {
    bar(member, member.paused, paused, now_ns);
  }
  // As paused, for whoever looks at a task between two turns: the one does not undo the other.
  void set_held(TaskNode& task, bool held, int64_t now_ns) { bar(task, task.held, held, now_ns); }

  // --- between cells, both of whose locks are held
  // A queued member of the root that can be moved: none of it runs, has a timer or a CPU set. The
  // heaviest of at most `most` weight; null: none. Linear in the members of the root that are
  // queued.
  Member* movable(int64_t most);
  // Returns how far it is ahead, for adopt().
  Virtual extract(Member& member);
  void adopt(Member& member, Virtual ahead, int64_t now_ns);

  // The workers for which `cpus` (empty: all) has room.
  WorkerMask serving(const CpuSet& cpus) const;
  WorkerMask idle() const { return idle_; }
  size_t waiting() const { return waiting_; }  // ready tasks

  // As of now, with the throttling that still lasts.
  Usage usage(const Member& member, int64_t now_ns) const;

 private:
  struct Running {
    TaskNode* task = nullptr;
    int64_t start_ns = 0;
    bool asked = false;  // to yield
  };

  void ring(TaskNode& task, int64_t now_ns);
  TaskNode* impatient(unsigned worker);
  void forget_waiting(TaskNode& task);
  WorkerMask effective(const Member& member) const;
  void update_allowed(Member& member, int64_t now_ns);
  void settle(Member& member, int64_t now_ns);
  void settle_up(Member& member, int64_t now_ns);
  void take(TaskNode& task, unsigned worker, int64_t now_ns);
  void make_ready(TaskNode& task, int64_t now_ns);
  int64_t slice_of(TaskNode& task, int64_t now_ns);
  void charge(TaskNode& task, const Stop& stop, int64_t now_ns);
  void throttle(Member& member, int64_t now_ns);
  void unthrottle(Member& member, int64_t now_ns);
  void bar(Member& member, bool& reason, bool value, int64_t now_ns);
  void count_ready(TaskNode& task, int more);
  void finish(TaskNode& task, int64_t now_ns);
  void announce(const Member& member, int64_t now_ns);
  void preempt_for(const Member& woken, int64_t now_ns);
  void kick(WorkerMask candidates);
  void ask(unsigned worker);
  void ask_all_within(const Member& member);
  void refresh_allowed(GroupNode& group, int64_t now_ns);

  void arm(Member& member, MemberTimer& timer, int64_t due_ns);
  void disarm(Member& member, MemberTimer& timer) { arm(member, timer, kNever); }

  const std::vector<unsigned> cpus_;
  const WorkerMask workers_;
  GroupNode root_{nullptr};
  std::array<Running, kMaxWorkers> running_;
  WorkerMask idle_ = 0;
  size_t waiting_ = 0;
  Signals signals_;
  Timers timers_;
  std::vector<TaskNode*> impatient_;  // ready, in the order in which their patience ended
};

}  // namespace cloche::sched
