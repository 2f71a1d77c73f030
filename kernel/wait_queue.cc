#include "kernel/wait_queue.h"

#include <utility>

#include "base/result.h"
#include "kernel/kernel.h"

namespace cloche::kernel {
namespace {

constexpr uint32_t kAnyEvent = UINT32_MAX;

}  // namespace

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

void WaitListener::join(WaitQueue& queue) {
  CHECK(queue_ == nullptr);
  queue_ = &queue;
  if (exclusive()) {
    previous_ = queue.last_listener_;
    (previous_ ? previous_->next_ : queue.first_listener_) = this;
    queue.last_listener_ = this;
  } else {
    next_ = queue.first_listener_;
    (next_ ? next_->previous_ : queue.last_listener_) = this;
    queue.first_listener_ = this;
  }
}

void WaitListener::leave() {
  if (!queue_) return;
  (previous_ ? previous_->next_ : queue_->first_listener_) = next_;
  (next_ ? next_->previous_ : queue_->last_listener_) = previous_;
  queue_ = nullptr;
  previous_ = next_ = nullptr;
}

WaitQueue::~WaitQueue() {
  wake();
  while (first_listener_) first_listener_->leave();
}

uint32_t WaitQueue::wake(uint32_t count) {
  tell(kAnyEvent);
  return wake_threads(count);
}

void WaitQueue::wake_for(uint32_t events) {
  tell(events);
  wake_threads(UINT32_MAX);
}

void WaitQueue::tell(uint32_t events) {
  if (!first_listener_) return;
  WakeRound round;
  tell_listeners(events, round);
  round.run();
}

uint32_t WaitQueue::wake_threads(uint32_t count) {
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

void WaitQueue::tell_listeners(uint32_t events, WakeRound& round) {
  bool woken = false;
  for (WaitListener* listener = first_listener_; listener; listener = listener->next_) {
    const bool exclusive = listener->exclusive();
    if (exclusive && woken) continue;
    woken |= listener->notify(events, round) && exclusive;
  }
}

uint32_t WaitQueue::listened() const {
  uint32_t events = 0;
  for (const WaitListener* listener = first_listener_; listener; listener = listener->next_)
    events |= listener->wanted();
  return events;
}

void WakeRound::add(WaitQueue& queue) {
  if (queue.in_round_) return;
  queue.in_round_ = true;
  (last_ ? last_->next_in_round_ : first_) = &queue;
  last_ = &queue;
}

void WakeRound::run() {
  while (WaitQueue* queue = first_) {
    first_ = std::exchange(queue->next_in_round_, nullptr);
    if (!first_) last_ = nullptr;
    queue->in_round_ = false;
    queue->tell_listeners(kAnyEvent, *this);
    queue->wake_threads(UINT32_MAX);
  }
}

bool WakeForward::notify(uint32_t, WakeRound& round) {
  round.add(target_);
  return !target_.empty();
}

}  // namespace cloche::kernel
