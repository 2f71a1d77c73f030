#include "sched/testing/simulation.h"

#include <algorithm>

namespace cloche::sched {

Simulation::~Simulation() {
  for (unsigned i = 0; i < workers_.size(); ++i)
    if (workers_[i].task) cell.stop(i, {.then = Cell::Then::kDone}, now);
  for (auto& [node, task] : tasks_)
    if (node->state != TaskNode::State::kDone) cell.remove(*node, now);
}

GroupNode& Simulation::add_group(GroupNode* parent, Weight weight) {
  groups_.push_back(std::make_unique<GroupNode>(parent ? parent : &cell.root()));
  cell.set_weight(*groups_.back(), weight);
  return *groups_.back();
}

Simulation::SimTask& Simulation::add(Script script, Weight weight, GroupNode* group,
                                     int64_t slice) {
  auto task = std::make_unique<SimTask>(group ? *group : cell.root(), std::move(script));
  SimTask& added = *task;
  cell.set_weight(added.node, weight);
  cell.set_slice(added.node, slice);
  added.step = added.script();
  tasks_.emplace(&added.node, std::move(task));
  cell.add(added.node, now);
  obey();
  return added;
}

void Simulation::remove(SimTask& task) {
  cell.remove(task.node, now);
  tasks_.erase(&task.node);
}

void Simulation::wake(SimTask& task) {
  if (task.node.state == TaskNode::State::kSleeping) task.woken = now;
  task.node.notified = true;
  cell.wake(task.node, now);
  obey();
}

void Simulation::begin(unsigned index) {
  const Cell::Turn turn = cell.pick(index, now);
  Worker& worker = workers_[index];
  worker = {};
  if (!turn.task) return;
  CHECK(turn.slice_ns > 0);
  SimTask& task = *tasks_.at(turn.task);
  task.node.notified = false;
  if (task.woken >= 0) task.latencies.push_back(now - std::exchange(task.woken, -1));
  const int64_t slice_end = round_up(now + turn.slice_ns);
  const int64_t step_end = task.step.compute == kNever ? kNever : now + task.step.compute;
  worker = {&task, now, std::min(slice_end, step_end)};
}

void Simulation::end(unsigned index) {
  SimTask& task = *workers_[index].task;
  const int64_t used = now - workers_[index].start;
  workers_[index] = {};
  task.cpu_on[index] += used;
  Cell::Stop stop{.cpu_ns = used};
  if (task.step.compute != kNever) task.step.compute -= used;
  if (task.step.compute <= 0) {
    stop.host_ns = task.step.host;
    stop.then = task.step.sleep < 0 ? Cell::Then::kDone : Cell::Then::kSleep;
    if (task.step.sleep != kNever) stop.deadline_ns = now + task.step.sleep;
    if (task.step.sleep >= 0 && stop.deadline_ns != kNever) task.woken = stop.deadline_ns;
    if (stop.then == Cell::Then::kSleep) task.step = task.script();
  }
  cell.stop(index, stop, now);
  begin(index);
}

void Simulation::obey() {
  for (;;) {
    const Cell::Signals signals = cell.take_signals();
    if (!signals.kick && !signals.yield) return;
    for (unsigned i = 0; i < workers_.size(); ++i) {
      if (signals.yield & bit_of(i))
        workers_[i].end = std::min(workers_[i].end, std::max(now, round_up(now)));
      if (signals.kick & bit_of(i)) begin(i);
    }
  }
}

int64_t Simulation::next_event() const {
  int64_t next = events_.empty() ? kNever : events_.begin()->first;
  for (const Worker& worker : workers_)
    next = std::min(next, worker.task ? worker.end : cell.next_timer());
  return std::max(next, now);
}

void Simulation::run_until(int64_t time) {
  for (;;) {
    const int64_t next = next_event();
    const int64_t to = std::min(next, time);
    for (const Worker& worker : workers_)
      if (!worker.task) idle_ns += to - now;
    now = to;
    if (next > time || (next == time && next == kNever)) return;
    if (!events_.empty() && events_.begin()->first <= now) {
      const auto event = std::move(events_.begin()->second);
      events_.erase(events_.begin());
      event();
      obey();
      continue;
    }
    const auto ended = std::find_if(workers_.begin(), workers_.end(), [this](const Worker& worker) {
      return worker.task && worker.end <= now;
    });
    if (ended != workers_.end())
      end(static_cast<unsigned>(ended - workers_.begin()));
    else if (cell.next_timer() <= now)
      cell.advance(now);
    else
      return;
    obey();
  }
}

}  // namespace cloche::sched
