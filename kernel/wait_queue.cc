#include "kernel/wait_queue.h"

#include "base/result.h"
#include "kernel/kernel.h"

namespace cloche::kernel {

void Waiter::join(WaitQueue& queue, Thread& thread) {
  CHECK(queue_ == nullptr);
  queue_ = &queue;
  thread_ = &thread;
  previous_ = queue.last_;
  next_ = nullptr;
  (previous_ ? previous_->next_ : queue.first_) = this;
  queue.last_ = this;
}

void Waiter::leave() {
  if (!queue_) return;
  (previous_ ? previous_->next_ : queue_->first_) = next_;
  (next_ ? next_->previous_ : queue_->last_) = previous_;
  queue_ = nullptr;
  previous_ = next_ = nullptr;
}

WaitQueue::~WaitQueue() { wake(); }

uint32_t WaitQueue::wake(uint32_t count) {
  uint32_t woken = 0;
  while (first_ && woken < count) {
    Thread& thread = *first_->thread_;
    first_->leave();
    // Destroys all waiters of the thread, that one too.
    thread.process->kernel->make_ready(thread);
    ++woken;
  }
  return woken;
}

}  // namespace cloche::kernel
