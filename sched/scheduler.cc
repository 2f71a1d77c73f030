#include "sched/scheduler.h"

#include <algorithm>

#include "sched/crew.h"
#include "sched/scheduler_state.h"

namespace cloche::sched {
namespace {

using Lock = std::unique_lock<std::mutex>;

Status check_cpus(const CpuSet& cpus, const Crew& crew) {
  if (crew.cell.serving(cpus) != 0) return ok_status();
  CpuSet served;
  for (const unsigned cpu : crew.cpus) served.add(cpu);
  return make_error(Code::kInvalidArgument, "no worker serves CPU %s; those it can have are %s",
                    cpus.to_string().c_str(), served.to_string().c_str());
}

Status check_share(const Share& share) {
  if (share.weight == 0) return make_error(Code::kInvalidArgument, "a weight of 0");
  if (share.slice_ns <= 0) return make_error(Code::kInvalidArgument, "a slice of no time");
  if (share.quota) TRY(check_quota(*share.quota));
  return ok_status();
}

// Before anybody else knows the member.
void apply(Crew& crew, Member& member, const Share& share) {
  crew.cell.set_weight(member, share.weight);
  crew.cell.set_slice(member, share.slice_ns);
  crew.cell.set_quota(member, share.quota, crew.now());
  crew.cell.set_cpus(member, share.cpus, crew.now());
}

// Of the crews that have some of the CPUs, the one with least to do for each worker; null: none.
Crew* least_loaded(const std::vector<std::unique_ptr<Crew>>& crews, const CpuSet& cpus) {
  Crew* best = nullptr;
  for (const auto& crew : crews) {
    if (!crew->cell.serving(cpus)) continue;
    if (!best ||
        crew->weight.load(std::memory_order_relaxed) < best->weight.load(std::memory_order_relaxed))
      best = crew.get();
  }
  return best;
}

}  // namespace

// --- the scheduler

Scheduler::Scheduler(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Scheduler>> Scheduler::create(const SchedulerOptions& options) {
  const CpuSet cpus = options.cpus.empty() ? CpuSet::of_this_thread() : options.cpus;
  const std::vector<unsigned> list = cpus.list();
  if (!options.clock) return make_error(Code::kInvalidArgument, "a scheduler needs a clock");
  if (list.empty()) return make_error(Code::kIo, "the CPUs of this host are not known");
  const size_t count = options.workers ? options.workers : list.size();
  const size_t per_crew = std::min<size_t>(options.workers_per_crew, kMaxWorkers);
  if (count > CpuSet::kCpus || per_crew == 0)
    return make_error(Code::kInvalidArgument, "%zu workers in crews of %zu", count, per_crew);
  auto state = std::make_unique<State>();
  for (size_t first = 0; first < count; first += per_crew) {
    std::vector<unsigned> served;
    for (size_t i = first; i < std::min(first + per_crew, count); ++i) {
      served.push_back(list[i % list.size()]);
      state->cpus.add(served.back());
    }
    auto reactor = TRY(Reactor::create());
    state->crews.push_back(
        std::make_unique<Crew>(*state, options, std::move(reactor), std::move(served)));
  }
  std::unique_ptr<Scheduler> scheduler(new Scheduler(std::move(state)));
  for (const auto& crew : scheduler->state_->crews)
    for (const auto& worker : crew->workers) TRY(worker->start());
  return scheduler;
}

Scheduler::~Scheduler() {
  for (const auto& crew : state_->crews) {
    const Lock lock(crew->mutex);
    CHECK(crew->cell.root().tasks_below == 0);
    crew->stopping = true;
    for (const auto& worker : crew->workers) worker->kick();
  }
  for (const auto& crew : state_->crews)
    for (const auto& worker : crew->workers) worker->join();
}

Result<GroupHandle> Scheduler::add_group(const Share& share, const GroupHandle* parent) {
  TRY(check_share(share));
  auto above = parent ? std::static_pointer_cast<GroupRecord>(parent->owner_) : nullptr;
  if (above && above->depth >= kMaxDepth)
    return make_error(Code::kInvalidArgument, "more than %u groups within each other", kMaxDepth);
  Lock lock;
  Crew* crew = above ? &lock_home(*above, lock) : least_loaded(state_->crews, share.cpus);
  if (!crew) crew = state_->crews.front().get();
  TRY(check_cpus(share.cpus, *crew));
  if (!lock) lock = Lock(crew->mutex);
  GroupNode& node = above ? static_cast<GroupNode&>(*above) : crew->cell.root();
  auto record = std::make_shared<GroupRecord>(node, above);
  if (!above) record->home = crew;
  apply(*crew, *record, share);
  return GroupHandle(*this, record);
}

Result<TaskHandle> Scheduler::add(Task& task, const Share& share, const GroupHandle* parent) {
  TRY(check_share(share));
  auto above = parent ? std::static_pointer_cast<GroupRecord>(parent->owner_) : nullptr;
  Lock lock;
  Crew* crew = above ? &lock_home(*above, lock) : least_loaded(state_->crews, share.cpus);
  if (!crew) crew = state_->crews.front().get();
  TRY(check_cpus(share.cpus, *crew));
  if (!lock) lock = Lock(crew->mutex);
  GroupNode& node = above ? static_cast<GroupNode&>(*above) : crew->cell.root();
  auto record = std::make_shared<TaskRecord>(task, node, above);
  if (!above) record->home = crew;
  record->self = record;
  apply(*crew, *record, share);
  crew->cell.add(*record, crew->now());
  crew->obey();
  crew->keep_time();
  lock.unlock();
  offer_work(*crew);
  return TaskHandle(*this, record);
}

unsigned Scheduler::workers() const {
  size_t count = 0;
  for (const auto& crew : state_->crews) count += crew->workers.size();
  return static_cast<unsigned>(count);
}

CpuSet Scheduler::cpus() const { return state_->cpus; }

// --- handles

GroupHandle::GroupHandle(Scheduler& scheduler, const std::shared_ptr<GroupRecord>& record)
    : Handle(scheduler, record, *record) {}

TaskHandle::TaskHandle(Scheduler& scheduler, const std::shared_ptr<TaskRecord>& record)
    : Handle(scheduler, record, *record) {}

TaskRecord& TaskHandle::record() const { return *static_cast<TaskRecord*>(owner_.get()); }

std::shared_ptr<TaskRecord> TaskHandle::shared_record() const {
  return std::static_pointer_cast<TaskRecord>(owner_);
}

void Handle::set_weight(Weight weight) {
  CHECK(weight > 0);
  Lock lock;
  Crew& crew = lock_home(*member_, lock);
  crew.cell.set_weight(*member_, weight);
  crew.obey();
}

Status Handle::set_quota(const std::optional<Quota>& quota) {
  if (quota) TRY(check_quota(*quota));
  Lock lock;
  Crew& crew = lock_home(*member_, lock);
  crew.cell.set_quota(*member_, quota, crew.now());
  crew.obey();
  crew.keep_time();
  return ok_status();
}

Status Handle::set_cpus(const CpuSet& cpus) {
  Lock lock;
  Crew& crew = lock_home(*member_, lock);
  TRY(check_cpus(cpus, crew));
  crew.cell.set_cpus(*member_, cpus, crew.now());
  crew.obey();
  return ok_status();
}

void Handle::pause() { set_paused(true); }
void Handle::resume() { set_paused(false); }

void Handle::set_paused(bool paused) {
  Lock lock;
  Crew& crew = lock_home(*member_, lock);
  crew.cell.set_paused(*member_, paused, crew.now());
  crew.obey();
  crew.keep_time();
}

Usage Handle::usage() const {
  Lock lock;
  Crew& crew = lock_home(*member_, lock);
  return crew.cell.usage(*member_, crew.now());
}

void TaskHandle::wake() { wake_task(record()); }

void TaskHandle::remove() {
  TaskRecord& task = record();
  Lock lock;
  Crew& crew = lock_home(task, lock);
  if (task.state == TaskNode::State::kRunning) {
    const auto worker = static_cast<unsigned>(task.last_worker);
    CHECK(!crew.workers[worker]->is_this_thread());
    task.removing = true;
    crew.workers[worker]->ask_to_yield();
  } else if (task.state != TaskNode::State::kDone) {
    crew.cell.remove(task, crew.now());
    crew.obey();
    auto self = std::move(task.self);
    lock.unlock();
    task.stop_watching();
    self->tell_done();
  }
  if (lock) lock.unlock();
  join();
}

TaskHandle::Hold::Hold(const TaskHandle& task) : record_(task.shared_record()) {
  Lock lock;
  Crew* crew = &lock_home(*record_, lock);
  if (++record_->holds == 1) {
    crew->cell.set_held(*record_, true, crew->now());
    crew->obey();
  }
  const auto in_turn = [this] { return record_->state == TaskNode::State::kRunning; };
  while (record_->is_held || in_turn()) {
    if (in_turn()) {
      const auto worker = static_cast<size_t>(record_->last_worker);
      CHECK(!crew->workers[worker]->is_this_thread());
    }
    const uint32_t changes = record_->hold_changes.load();
    lock.unlock();
    record_->wait_for_change(changes);
    crew = &lock_home(*record_, lock);
  }
  record_->is_held = true;
}

TaskHandle::Hold::~Hold() {
  Lock lock;
  Crew& crew = lock_home(*record_, lock);
  record_->is_held = false;
  if (--record_->holds > 0) {
    record_->tell_holds();
    return;
  }
  crew.cell.set_held(*record_, false, crew.now());
  crew.obey();
  crew.keep_time();
}

void TaskHandle::join() const { record().join(); }

bool TaskHandle::done() const { return record().done.load(std::memory_order_acquire); }

}  // namespace cloche::sched
