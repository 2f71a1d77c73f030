// Where threads wait. A thread may wait on several queues at once (poll), with a deadline. Whoever
// has to know of every wake, whether somebody waits or not, listens: the watches of epoll sets.
#pragma once

#include <cstdint>

namespace cloche::kernel {

class Thread;
class WaitQueue;
class WakeRound;

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

// Is told of every wake of the queue that it joined, until it or the queue ends.
class WaitListener {
 public:
  WaitListener() = default;
  WaitListener(const WaitListener&) = delete;
  WaitListener& operator=(const WaitListener&) = delete;
  // As on Linux the latest is told first, exclusive ones after all others in the order in which
  // they came.
  void join(WaitQueue& queue);
  void leave();

  // `events` (of poll) may hold now. Must join, leave and end nothing: what else has to be woken is
  // given to `round`. True: that wakes a thread.
  virtual bool notify(uint32_t events, WakeRound& round) = 0;
  // One of those listeners that are told only until one of them wakes a thread.
  virtual bool exclusive() const { return false; }
  // The events that it would like to be told of now: see WaitQueue::listened().
  virtual uint32_t wanted() const { return 0; }

 protected:
  ~WaitListener() { leave(); }

 private:
  friend class WaitQueue;
  WaitQueue* queue_ = nullptr;
  WaitListener *previous_ = nullptr, *next_ = nullptr;
};

class WaitQueue {
 public:
  WaitQueue() = default;
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;
  ~WaitQueue();  // wakes all: an object that ends strands nobody
  // Makes up to `count` waiting threads ready. They try their call again; waking one too many is
  // harmless. Returns how many. Listeners are told that anything may have happened.
  uint32_t wake(uint32_t count = UINT32_MAX);
  // All threads; only listeners whom one of these events concerns.
  void wake_for(uint32_t events);
  // No threads: nothing has changed for those who found nothing, but there is more of it.
  void tell(uint32_t events);
  bool empty() const { return first_ == nullptr; }  // no thread waits
  // The events that listeners would like to be told of; 0: none, or all know already.
  uint32_t listened() const;

 private:
  friend class Waiter;
  friend class WaitListener;
  friend class WakeRound;
  uint32_t wake_threads(uint32_t count);
  void tell_listeners(uint32_t events, WakeRound& round);

  Waiter *first_ = nullptr, *last_ = nullptr;
  WaitListener *first_listener_ = nullptr, *last_listener_ = nullptr;
  WaitQueue* next_in_round_ = nullptr;
  bool in_round_ = false;
};

// The queues that one wake leads to, one after the other: however many ways lead to a queue, it is
// woken once for each step that it is away, and there are few steps (kernel/epoll.h).
class WakeRound {
 public:
  void add(WaitQueue& queue);
  void run();

 private:
  WaitQueue *first_ = nullptr, *last_ = nullptr;
};

// Wakes `target` whenever the queue that it joined is woken.
class WakeForward final : public WaitListener {
 public:
  explicit WakeForward(WaitQueue& target) : target_(target) {}
  bool notify(uint32_t events, WakeRound& round) override;
  uint32_t wanted() const override { return target_.listened(); }

 private:
  WaitQueue& target_;
};

}  // namespace cloche::kernel
