// Which thread runs next. First in, first out: with one tick a turn this is round robin. A weighted
// scheduler takes this class's place without touching its callers.
#pragma once

#include "base/result.h"
#include "kernel/process.h"

namespace cloche::kernel {

class RunQueue {
 public:
  bool empty() const { return first_ == nullptr; }
  uint32_t size() const { return size_; }

  void push(Thread& thread) {
    CHECK(!thread.queued);
    thread.queued = true;
    ++size_;
    thread.run_previous = last_;
    thread.run_next = nullptr;
    (last_ ? last_->run_next : first_) = &thread;
    last_ = &thread;
  }

  // Nothing when it is not in the queue.
  void remove(Thread& thread) {
    if (!thread.queued) return;
    thread.queued = false;
    --size_;
    (thread.run_previous ? thread.run_previous->run_next : first_) = thread.run_next;
    (thread.run_next ? thread.run_next->run_previous : last_) = thread.run_previous;
    thread.run_previous = thread.run_next = nullptr;
  }

  Thread* pop() {
    Thread* thread = first_;
    if (thread) remove(*thread);
    return thread;
  }

 private:
  Thread *first_ = nullptr, *last_ = nullptr;
  uint32_t size_ = 0;
};

}  // namespace cloche::kernel
