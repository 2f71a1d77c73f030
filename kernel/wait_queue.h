// Where threads wait. A thread may wait on several queues at once (poll), with a deadline.
#pragma once

#include <cstdint>

namespace cloche::kernel {

class Thread;
class WaitQueue;

// A link between one thread and one queue. Lives in the thread's block record.
class Waiter {
 public:
  Waiter() = default;
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() { leave(); }
  void join(WaitQueue& queue, Thread& thread);  // at the end: first come, first served
  void leave();
  Thread* thread() const { return thread_; }

 private:
  friend class WaitQueue;
  WaitQueue* queue_ = nullptr;
  Thread* thread_ = nullptr;
  Waiter *previous_ = nullptr, *next_ = nullptr;
};

class WaitQueue {
 public:
  WaitQueue() = default;
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;
  ~WaitQueue();  // wakes all: an object that ends strands nobody
  // Makes up to `count` waiting threads ready. They try their call again; waking one too many is
  // harmless. Returns how many.
  uint32_t wake(uint32_t count = UINT32_MAX);
  bool empty() const { return first_ == nullptr; }

 private:
  friend class Waiter;
  Waiter *first_ = nullptr, *last_ = nullptr;
};

}  // namespace cloche::kernel
