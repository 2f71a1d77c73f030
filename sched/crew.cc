#include "sched/crew.h"

#include <bit>

#include "sched/scheduler_state.h"

namespace cloche::sched {

Crew::Crew(Scheduler::State& scheduler_, const SchedulerOptions& options,
           std::unique_ptr<Reactor> reactor_, std::vector<unsigned> cpus_)
    : scheduler(scheduler_),
      clock(*options.clock),
      prod(options.prod),
      prod_env(options.prod_env),
      reactor(std::move(reactor_)),
      cpus(std::move(cpus_)),
      cell(cpus) {
  for (unsigned i = 0; i < cpus.size(); ++i)
    workers.push_back(std::make_unique<Worker>(*this, i, cpus[i]));
}

void Crew::obey() {
  const Cell::Signals signals = cell.take_signals();
  for (WorkerMask left = signals.yield; left; left &= left - 1)
    workers[static_cast<size_t>(std::countr_zero(left))]->ask_to_yield();
  for (WorkerMask left = signals.kick; left; left &= left - 1)
    workers[static_cast<size_t>(std::countr_zero(left))]->kick();
  has_idle.store(cell.idle() != 0, std::memory_order_relaxed);
  waiting.store(cell.waiting(), std::memory_order_relaxed);
  weight.store(cell.root().queue.weight() / static_cast<int64_t>(cpus.size()),
               std::memory_order_relaxed);
}

void Crew::keep_time() {
  if (!cell.idle() || cell.next_timer() >= watched_ns) return;
  const auto first_idle = static_cast<size_t>(std::countr_zero(cell.idle()));
  (timekeeper ? *timekeeper : *workers[first_idle]).kick();
}

Crew& lock_home(Member& member, std::unique_lock<std::mutex>& lock) {
  const std::atomic<Crew*>& home = member.top().home;
  for (;;) {
    Crew* crew = home.load(std::memory_order_acquire);
    lock = std::unique_lock(crew->mutex);
    if (home.load(std::memory_order_acquire) == crew) return *crew;
    lock.unlock();
  }
}

void wake_task(TaskRecord& task) {
  if (task.notified.exchange(true)) return;  // whoever set it wakes it
  std::unique_lock<std::mutex> lock;
  Crew& crew = lock_home(task, lock);
  crew.cell.wake(task, crew.now());
  crew.obey();
  lock.unlock();
  offer_work(crew);
}

void TaskRecord::join() {
  std::unique_lock lock(told_mutex_);
  told_.wait(lock, [this] { return done.load(std::memory_order_acquire); });
}

void TaskRecord::tell_done() {
  {
    const std::lock_guard lock(told_mutex_);
    done.store(true, std::memory_order_release);
  }
  told_.notify_all();
}

void TaskRecord::tell_holds() {
  {
    const std::lock_guard lock(told_mutex_);
    hold_changes.fetch_add(1);
  }
  told_.notify_all();
}

void TaskRecord::wait_for_change(uint32_t since) {
  std::unique_lock lock(told_mutex_);
  told_.wait(lock, [this, since] { return hold_changes.load() != since; });
}

void TaskRecord::ready() noexcept { wake_task(*this); }

GroupRecord::~GroupRecord() {
  if (!group || cpus.empty()) return;
  std::unique_lock<std::mutex> lock;
  (void)lock_home(*this, lock);
  --top().restricted;
}

void offer_work(Crew& from) {
  if (from.scheduler.crews.size() == 1) return;
  if (from.waiting.load(std::memory_order_relaxed) == 0 ||
      from.has_idle.load(std::memory_order_relaxed))
    return;
  for (const auto& crew : from.scheduler.crews) {
    if (!crew->has_idle.load(std::memory_order_relaxed)) continue;
    const std::lock_guard lock(crew->mutex);
    const WorkerMask idle = crew->cell.idle();
    if (!idle) continue;
    crew->workers[static_cast<size_t>(std::countr_zero(idle))]->kick();
    return;
  }
}

bool pull_work(Scheduler::State& scheduler, Crew& to, Need need) {
  if (scheduler.crews.size() == 1) return false;
  Crew* from = nullptr;
  for (const auto& crew : scheduler.crews) {
    if (crew.get() == &to || crew->waiting.load(std::memory_order_relaxed) == 0) continue;
    if (!from ||
        crew->weight.load(std::memory_order_relaxed) > from->weight.load(std::memory_order_relaxed))
      from = crew.get();
  }
  if (!from) return false;
  const auto gap = [from, &to] {
    return from->weight.load(std::memory_order_relaxed) - to.weight.load(std::memory_order_relaxed);
  };
  if (need == Need::kBalance && gap() <= 0) return false;
  const std::scoped_lock both(from->mutex, to.mutex);
  // What moves makes the one lighter and the other heavier: more than half the gap (of a worker,
  // times the workers) would only turn it round.
  const int64_t most =
      gap() * static_cast<int64_t>(std::min(from->cpus.size(), to.cpus.size())) / 2;
  Member* member = from->cell.movable(need == Need::kIdle ? INT64_MAX : most);
  if (!member) return false;
  const Virtual ahead = from->cell.extract(*member);
  member->home.store(&to, std::memory_order_release);
  to.cell.adopt(*member, ahead, to.now());
  from->obey();
  to.obey();
  return true;
}

}  // namespace cloche::sched
