// What is scheduled: tasks, and groups of tasks and groups, as a Cell keeps them. For the inside of
// this folder; others use scheduler.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "sched/bandwidth.h"
#include "sched/cpu_set.h"
#include "sched/queue.h"
#include "sched/timers.h"

namespace cloche::sched {

class Task;
struct Crew;
struct GroupNode;
struct Member;

constexpr uint32_t kMaxDepth = 16;  // of groups within groups

// What was used and waited for so far; of a group, by all that are or were in it, but for the
// throttled figures, which are those of its own cpu.max.
struct Usage {
  int64_t cpu_ns = 0;        // by guests, thread CPU time
  int64_t host_ns = 0;       // by the host for them: tool handlers, host I/O; thread CPU time
  int64_t wait_ns = 0;       // ready, but not running (throttled and paused times included)
  int64_t throttled_ns = 0;  // held back by cpu.max
  uint64_t throttles = 0;    // times that cpu.max held it back
  uint64_t switches = 0;     // turns on a worker
  uint64_t migrations = 0;   // turns on another worker than the one before
};

struct MemberTimer : Timer {
  explicit MemberTimer(Member& owner) : member(owner) {}
  Member& member;
};

// Guarded by the cell's lock where nothing else is said.
struct Member : Entity {
  enum class Kind : uint8_t { kTask, kGroup };
  Member(Kind kind_, GroupNode* parent_);

  const Kind kind;
  const uint32_t depth;  // members of the root: 1
  GroupNode* parent;     // null: the root itself. Changes when a member of a root moves to another
  bool paused = false, held = false, throttled = false;
  int64_t throttled_since_ns = 0;
  Bandwidth bandwidth;
  MemberTimer refill{*this};
  CpuSet cpus;  // as was asked, empty: all; Entity::allowed() is what comes of it
  Usage usage;

  // Of members of a root, all below them included: timers that are armed, members with CPU sets,
  // tasks that are ready.
  uint32_t armed = 0, restricted = 0, ready = 0;
  std::atomic<Crew*> home{nullptr};  // of members of a root: whose lock guards it and all below it

  bool barred() const { return paused || held || throttled; }
  // Is `group` this one or one above it?
  bool within(const Member& group) const;
  Member& top();  // the member of the root that it is, or is in
};

struct TaskNode : Member {
  enum class State : uint8_t { kSleeping, kReady, kRunning, kDone };
  TaskNode(Task* task_, GroupNode& parent_) : Member(Kind::kTask, &parent_), task(task_) {}

  Task* const task;  // null in tests that run cells without threads
  State state = State::kSleeping;
  // A wake() that no turn has seen yet. Not guarded: whoever sets it first takes the lock and
  // wakes.
  std::atomic<bool> notified{false};
  MemberTimer alarm{*this};
  bool impatient = false;  // see Cell::kPatience_ns
  int64_t ready_since_ns = 0;
  int32_t last_worker = -1;
};

struct GroupNode : Member {
  explicit GroupNode(GroupNode* parent_) : Member(Kind::kGroup, parent_) {}

  Queue queue;
  uint32_t running_below = 0;  // tasks at any depth
  uint32_t tasks_below = 0;    // that are not done
};

inline Member::Member(Kind kind_, GroupNode* parent_)
    : kind(kind_), depth(parent_ ? parent_->depth + 1 : 0), parent(parent_) {}

inline bool Member::within(const Member& group) const {
  for (const Member* at = this; at; at = at->parent)
    if (at == &group) return true;
  return false;
}

inline Member& Member::top() {
  Member* at = this;
  while (at->depth > 1) at = at->parent;
  return *at;
}

inline TaskNode& task_of(Member& member) { return static_cast<TaskNode&>(member); }
inline GroupNode& group_of(Member& member) { return static_cast<GroupNode&>(member); }

}  // namespace cloche::sched
