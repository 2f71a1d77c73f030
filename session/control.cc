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

Control::Driving::Driving(Control& control) : control_(control) {
  const std::lock_guard lock(control_.mutex_);
  control_.driven_ = true;
}

Control::Driving::~Driving() {
  const std::lock_guard lock(control_.mutex_);
  control_.serve_locked();
  control_.driven_ = false;
}

}  // namespace cloche::session
