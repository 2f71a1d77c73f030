#include "session/control.h"

namespace cloche::session {

void Control::perform(const std::function<void()>& job) {
  std::unique_lock lock(mutex_);
  if (!driven_) {
    job();  // with the lock, so that nobody begins to drive meanwhile
    return;
  }
  Waiting waiting{&job};
  waiting_.push_back(&waiting);
  requests_.ring();
  done_.wait(lock, [&waiting] { return waiting.done; });
}

void Control::serve() {
  const std::lock_guard lock(mutex_);
  serve_locked();
}

void Control::serve_locked() {
  if (waiting_.empty()) return;
  for (Waiting* waiting : waiting_) {
    (*waiting->job)();
    waiting->done = true;
  }
  waiting_.clear();
  done_.notify_all();
}

void Control::begin_driving() {
  const std::lock_guard lock(mutex_);
  driven_ = true;
}

bool Control::end_driving(const std::function<bool()>& leave) {
  const std::lock_guard lock(mutex_);
  serve_locked();
  if (!leave()) return false;
  driven_ = false;
  return true;
}

Control::Driving::Driving(Control& control) : control_(control) { control_.begin_driving(); }

Control::Driving::~Driving() {
  (void)control_.end_driving([] { return true; });
}

}  // namespace cloche::session
