#include "session/attendant.h"

#include "session/sandbox_state.h"

namespace cloche::session {

Attendant::~Attendant() {
  closing_ = true;
  sandbox_.requests.ring();
  const std::lock_guard lock(mutex_);
  if (task_) task_->join();
}

void Attendant::attend() {
  while (sandbox_.programs.spawned() > 0 && sandbox_.floor.try_take()) begin();
}

// This thread has the floor, and gives it to a task.
void Attendant::begin() {
  const std::lock_guard lock(mutex_);
  if (task_) task_->join();  // it has left the floor, and its last turn may still end
  task_.reset();
  sandbox_.control.begin_driving();
  running_.emplace(*sandbox_.host);
  driver_.emplace(sandbox_, [this] { return may_end(); });
  auto scheduler = sandbox_.host->scheduler();
  if (scheduler) {
    auto task = (*scheduler)->add(*driver_, {}, &*sandbox_.cpu_share);
    if (task.ok()) {
      task_.emplace(std::move(task).value());
      return;
    }
  }
  // spawn() made sure that there are workers; without them nothing can go on.
  sandbox_.programs.cancel_spawned();
  (void)may_end();
}

// True: nothing is left to drive, and this does not any more.
bool Attendant::may_end() {
  if (closing_) sandbox_.programs.cancel_all();
  if (sandbox_.programs.spawned() > 0) return false;
  return sandbox_.control.end_driving([this] {
    if (sandbox_.programs.spawned() > 0) return false;
    running_.reset();
    sandbox_.floor.leave();
    return true;
  });
}

}  // namespace cloche::session
