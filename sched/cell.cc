#include "sched/cell.h"

#include <algorithm>
#include <bit>

#include "base/result.h"

namespace cloche::sched {
namespace {

using Place = Entity::Place;
using State = TaskNode::State;

bool wants_turn(Member& member) {
  return member.kind == Member::Kind::kTask ? task_of(member).state == State::kReady
                                            : !group_of(member).queue.empty();
}

bool has_running(Member& member) {
  return member.kind == Member::Kind::kTask ? task_of(member).state == State::kRunning
                                            : group_of(member).running_below > 0;
}

Place place_for(Member& member) {
  if (wants_turn(member) && !member.barred()) return Place::kQueued;
  return has_running(member) ? Place::kRunning : Place::kOut;
}

// The two, of a.parent == b.parent, at or above `a` and `b`. The same one when one holds the other.
void rise_to_siblings(const Member*& a, const Member*& b) {
  while (a->depth > b->depth) a = a->parent;
  while (b->depth > a->depth) b = b->parent;
  while (a->parent != b->parent) {
    a = a->parent;
    b = b->parent;
  }
}

uint32_t tasks_in(Member& member) {
  return member.kind == Member::Kind::kTask ? 1 : group_of(member).tasks_below;
}

unsigned lowest(WorkerMask mask) { return static_cast<unsigned>(std::countr_zero(mask)); }

}  // namespace

Cell::Cell(const std::vector<unsigned>& cpus)
    : cpus_(cpus),
      workers_(cpus.size() == kMaxWorkers ? kEveryWorker : (WorkerMask{1} << cpus.size()) - 1) {
  CHECK(!cpus.empty() && cpus.size() <= kMaxWorkers);
}

// All timers of members are set by this, so that it is known who has some.
void Cell::arm(Member& member, MemberTimer& timer, int64_t due_ns) {
  const bool was_armed = timer.armed();
  timers_.set(timer, due_ns);
  Member& top = member.top();
  top.armed += timer.armed() ? 1 : 0;
  top.armed -= was_armed ? 1 : 0;
}

void Cell::count_ready(TaskNode& task, int more) {
  waiting_ += static_cast<size_t>(more);
  task.top().ready += static_cast<uint32_t>(more);
}

void Cell::add(TaskNode& task, int64_t now_ns) {
  CHECK(task.state == State::kSleeping && task.place() == Place::kOut);
  for (GroupNode* group = task.parent; group; group = group->parent) ++group->tasks_below;
  make_ready(task, now_ns);
  announce(task, now_ns);
}

void Cell::remove(TaskNode& task, int64_t now_ns) {
  CHECK(task.state == State::kSleeping || task.state == State::kReady);
  if (task.state == State::kReady) count_ready(task, -1);
  task.state = State::kDone;
  settle_up(task, now_ns);
  finish(task, now_ns);
}

// Nothing of the cell refers to the task after this, nor to groups in which nothing is left.
void Cell::finish(TaskNode& task, int64_t now_ns) {
  forget_waiting(task);
  disarm(task, task.refill);
  if (!task.cpus.empty()) --task.top().restricted;
  for (GroupNode* group = task.parent; group; group = group->parent) {
    if (--group->tasks_below > 0) continue;
    // The debt stays, and throttles the next one who comes.
    if (group->throttled) unthrottle(*group, now_ns);
  }
}

// --- places

WorkerMask Cell::effective(const Member& member) const {
  if (!member.parent) return workers_;
  const WorkerMask above = effective(*member.parent);
  const WorkerMask both = above & serving(member.cpus);
  return both ? both : above;
}

WorkerMask Cell::serving(const CpuSet& cpus) const {
  if (cpus.empty()) return workers_;
  WorkerMask mask = 0;
  for (unsigned worker = 0; worker < cpus_.size(); ++worker)
    if (cpus.has(cpus_[worker])) mask |= bit_of(worker);
  return mask;
}

void Cell::update_allowed(Member& member, int64_t now_ns) {
  CHECK(member.parent);
  Queue& queue = member.parent->queue;
  if (member.kind == Member::Kind::kGroup) {
    queue.set_allowed(member, group_of(member).queue.allowed());
    return;
  }
  TaskNode& task = task_of(member);
  queue.set_allowed(task, effective(task));
  const bool can_be_cut_off = task.depth > 1 && task.allowed() != workers_;
  if (can_be_cut_off && !task.alarm.armed() && !task.impatient)
    arm(task, task.alarm, now_ns + kPatience_ns);
}

// Brings the member to the place in its parent's queue where its state says it belongs.
void Cell::settle(Member& member, int64_t now_ns) {
  Queue& queue = member.parent->queue;
  Place to = place_for(member);
  if (to == Place::kQueued && member.place() == Place::kOut &&
      member.bandwidth.available(now_ns) <= 0) {
    throttle(member, now_ns);
    to = place_for(member);
  }
  if (to == Place::kQueued) update_allowed(member, now_ns);
  const Place from = member.place();
  if (from == to) return;
  if (to == Place::kOut) {
    queue.leave(member);
  } else if (from == Place::kOut) {
    CHECK(to == Place::kQueued);
    queue.enter(member);
  } else if (to == Place::kQueued) {
    queue.put_back(member);
  } else {
    queue.start(member);
  }
}

void Cell::settle_up(Member& member, int64_t now_ns) {
  for (Member* at = &member; at->parent; at = at->parent) settle(*at, now_ns);
}

void Cell::make_ready(TaskNode& task, int64_t now_ns) {
  disarm(task, task.alarm);
  task.state = State::kReady;
  count_ready(task, 1);
  task.ready_since_ns = now_ns;
  settle_up(task, now_ns);
}

// The alarm of a sleeping task ends its sleep, that of a ready one its patience.
void Cell::ring(TaskNode& task, int64_t now_ns) {
  if (task.state == State::kSleeping) {
    wake(task, now_ns);
  } else {
    task.impatient = true;
    impatient_.push_back(&task);
  }
}

TaskNode* Cell::impatient(unsigned worker) {
  const auto barred = [](const Member& task) {
    for (const Member* at = &task; at->parent; at = at->parent)
      if (at->place() != Place::kQueued) return true;
    return false;
  };
  for (TaskNode* task : impatient_)
    if ((task->allowed() & bit_of(worker)) && !barred(*task)) return task;
  return nullptr;
}

// It is not ready any more.
void Cell::forget_waiting(TaskNode& task) {
  disarm(task, task.alarm);
  if (std::exchange(task.impatient, false)) std::erase(impatient_, &task);
}

// --- workers

Cell::Turn Cell::pick(unsigned worker, int64_t now_ns) {
  CHECK(!running_[worker].task);
  idle_ |= bit_of(worker);  // who wakes now need not take another's worker
  advance(now_ns);
  idle_ &= ~bit_of(worker);
  signals_.kick &= ~bit_of(worker);
  Member* member = impatient(worker);
  if (!member) member = &root_;
  while (member->kind == Member::Kind::kGroup) {
    member = static_cast<Member*>(group_of(*member).queue.pick(worker));
    if (!member) {
      idle_ |= bit_of(worker);
      return {};
    }
  }
  TaskNode& task = task_of(*member);
  take(task, worker, now_ns);
  kick(root_.queue.allowed());
  return {&task, slice_of(task, now_ns)};
}

void Cell::take(TaskNode& task, unsigned worker, int64_t now_ns) {
  running_[worker] = {&task, now_ns};
  forget_waiting(task);
  task.state = State::kRunning;
  count_ready(task, -1);
  const bool moved = task.last_worker >= 0 && task.last_worker != static_cast<int32_t>(worker);
  task.last_worker = static_cast<int32_t>(worker);
  for (Member* at = &task; at; at = at->parent) {
    at->usage.wait_ns += now_ns - task.ready_since_ns;
    at->usage.switches += 1;
    at->usage.migrations += moved ? 1 : 0;
  }
  for (GroupNode* group = task.parent; group; group = group->parent) ++group->running_below;
  settle_up(task, now_ns);
}

int64_t Cell::slice_of(TaskNode& task, int64_t now_ns) {
  // An idle worker watches the timers; without one, whoever stops next does.
  const bool watch = !idle_ && timers_.next() != kNever;
  int64_t slice = watch ? timers_.next() - now_ns : kNever;
  for (Member* at = &task; at->parent; at = at->parent) {
    slice =
        std::min({slice, at->parent->queue.request_left_ns(*at), at->bandwidth.available(now_ns)});
  }
  return std::max(slice, kMinTurn_ns);
}

void Cell::stop(unsigned worker, const Stop& stop, int64_t now_ns) {
  TaskNode& task = *running_[worker].task;
  running_[worker] = {};
  signals_.yield &= ~bit_of(worker);
  charge(task, stop, now_ns);
  for (GroupNode* group = task.parent; group; group = group->parent) --group->running_below;
  switch (stop.then) {
    case Then::kReady:
      make_ready(task, now_ns);
      break;
    case Then::kSleep:
      if (task.notified.load() || stop.deadline_ns <= now_ns) {
        make_ready(task, now_ns);
        break;
      }
      task.state = State::kSleeping;
      arm(task, task.alarm, stop.deadline_ns);
      settle_up(task, now_ns);
      break;
    case Then::kDone:
      task.state = State::kDone;
      settle_up(task, now_ns);
      finish(task, now_ns);
      break;
  }
}

// The share counts all that occupied the worker, the limit only what guests used.
void Cell::charge(TaskNode& task, const Stop& stop, int64_t now_ns) {
  for (Member* at = &task; at; at = at->parent) {
    at->usage.cpu_ns += stop.cpu_ns;
    at->usage.host_ns += stop.host_ns;
    if (!at->parent) break;
    at->parent->queue.charge(*at, stop.cpu_ns + stop.host_ns);
    at->bandwidth.charge(stop.cpu_ns, now_ns);
    if (!at->throttled && at->bandwidth.available(now_ns) <= 0) throttle(*at, now_ns);
  }
}

// --- events

void Cell::wake(TaskNode& task, int64_t now_ns) {
  if (task.state != State::kSleeping) return;
  make_ready(task, now_ns);
  announce(task, now_ns);
}

void Cell::advance(int64_t now_ns) {
  while (Timer* due = timers_.pop_due(now_ns)) {
    Member& member = static_cast<MemberTimer*>(due)->member;
    --member.top().armed;
    if (due == &member.refill)
      unthrottle(member, now_ns);
    else
      ring(task_of(member), now_ns);
  }
}

void Cell::throttle(Member& member, int64_t now_ns) {
  member.throttled = true;
  member.throttled_since_ns = now_ns;
  ++member.usage.throttles;
  arm(member, member.refill, member.bandwidth.next_refill(now_ns));
  ask_all_within(member);
}

void Cell::unthrottle(Member& member, int64_t now_ns) {
  disarm(member, member.refill);
  member.throttled = false;
  member.usage.throttled_ns += now_ns - member.throttled_since_ns;
  settle_up(member, now_ns);
  announce(member, now_ns);
}

// Somebody can be picked who could not before: finds a worker for it.
void Cell::announce(const Member& member, int64_t now_ns) {
  for (const Member* at = &member; at->parent; at = at->parent)
    if (at->place() != Place::kQueued) return;
  if (const WorkerMask idle = member.allowed() & idle_) {
    if (member.kind == Member::Kind::kTask) {
      const int32_t last = static_cast<const TaskNode&>(member).last_worker;
      if (last >= 0 && (idle & bit_of(static_cast<unsigned>(last)))) {
        kick(bit_of(static_cast<unsigned>(last)));
        return;
      }
    }
    kick(idle);
    return;
  }
  preempt_for(member, now_ns);
}

// Of the workers that it may take, the one whose task can wait longest.
void Cell::preempt_for(const Member& woken, int64_t now_ns) {
  Virtual longest = 0;
  WorkerMask victim = 0;
  for (WorkerMask left = woken.allowed() & workers_; left; left &= left - 1) {
    const Running& running = running_[lowest(left)];
    if (!running.task || running.asked) continue;
    const Member *a = &woken, *b = running.task;
    rise_to_siblings(a, b);
    if (a == b || !a->parent->queue.preempts(*a, *b, now_ns - running.start_ns)) continue;
    const Virtual wait = b->deadline() - a->deadline();
    if (wait <= longest) continue;
    longest = wait;
    victim = left & -left;
  }
  if (victim) ask(lowest(victim));
}

// One idle worker of these: it wakes the next if there is more to do.
void Cell::kick(WorkerMask candidates) {
  candidates &= idle_;
  if (!candidates) return;
  const WorkerMask one = candidates & -candidates;
  idle_ &= ~one;
  signals_.kick |= one;
}

void Cell::ask(unsigned worker) {
  Running& running = running_[worker];
  if (!running.task || running.asked) return;
  running.asked = true;
  signals_.yield |= bit_of(worker);
}

void Cell::ask_all_within(const Member& member) {
  for (unsigned worker = 0; worker < cpus_.size(); ++worker) {
    const TaskNode* task = running_[worker].task;
    if (task && task->within(member)) ask(worker);
  }
}

// --- settings

void Cell::set_weight(Member& member, Weight weight) {
  member.parent->queue.set_weight(member, weight);
}

void Cell::set_slice(Member& member, int64_t slice_ns) {
  member.parent->queue.set_slice(member, slice_ns);
}

void Cell::set_quota(Member& member, const std::optional<Quota>& quota, int64_t now_ns) {
  member.bandwidth.set(quota, now_ns);
  const bool spent = member.bandwidth.available(now_ns) <= 0;
  if (!member.throttled) {
    if (!spent || member.place() == Place::kOut) return;
    throttle(member, now_ns);
    settle_up(member, now_ns);
  } else if (spent) {
    arm(member, member.refill, member.bandwidth.next_refill(now_ns));
  } else {
    unthrottle(member, now_ns);
  }
}

void Cell::set_cpus(Member& member, const CpuSet& cpus, int64_t now_ns) {
  Member& top = member.top();
  top.restricted += cpus.empty() ? 0 : 1;
  top.restricted -= member.cpus.empty() ? 0 : 1;
  member.cpus = cpus;
  if (member.kind == Member::Kind::kGroup) refresh_allowed(group_of(member), now_ns);
  settle_up(member, now_ns);
  for (unsigned worker = 0; worker < cpus_.size(); ++worker) {
    const TaskNode* task = running_[worker].task;
    if (task && task->within(member) && !(effective(*task) & bit_of(worker))) ask(worker);
  }
  kick(root_.queue.allowed());
}

// The queued tasks below; those that are not queued get theirs when they are.
void Cell::refresh_allowed(GroupNode& group, int64_t now_ns) {
  for (Entity* entity : group.queue.queued()) {
    Member& member = *static_cast<Member*>(entity);
    if (member.kind == Member::Kind::kGroup) refresh_allowed(group_of(member), now_ns);
    update_allowed(member, now_ns);
  }
}

// `reason`: one of those for which member.barred() says so.
void Cell::bar(Member& member, bool& reason, bool value, int64_t now_ns) {
  if (reason == value) return;
  reason = value;
  settle_up(member, now_ns);
  if (value)
    ask_all_within(member);
  else
    announce(member, now_ns);
}

// --- between cells

Member* Cell::movable(int64_t most) {
  Member* heaviest = nullptr;
  for (Entity* entity : root_.queue.queued()) {
    Member& member = *static_cast<Member*>(entity);
    if (has_running(member) || member.armed > 0 || member.restricted > 0) continue;
    if (member.weight() > most) continue;
    if (!heaviest || member.weight() > heaviest->weight()) heaviest = &member;
  }
  return heaviest;
}

Virtual Cell::extract(Member& member) {
  waiting_ -= member.ready;
  root_.tasks_below -= tasks_in(member);
  const Virtual ahead = root_.queue.ahead(member);
  root_.queue.leave(member);
  return ahead;
}

void Cell::adopt(Member& member, Virtual ahead, int64_t now_ns) {
  member.parent = &root_;
  waiting_ += member.ready;
  root_.tasks_below += tasks_in(member);
  root_.queue.set_ahead(member, ahead);
  if (member.kind == Member::Kind::kGroup) refresh_allowed(group_of(member), now_ns);
  settle_up(member, now_ns);
  announce(member, now_ns);
}

Usage Cell::usage(const Member& member, int64_t now_ns) const {
  Usage usage = member.usage;
  if (member.throttled) usage.throttled_ns += now_ns - member.throttled_since_ns;
  return usage;
}

}  // namespace cloche::sched
