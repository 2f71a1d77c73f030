// Which thread runs next: round robin by ticks, with weights, and who slept before those that did
// not.
//
// Weights are those of nice (sched/weight.h). Each time that a thread comes to the front it earns
// its weight, and a turn costs the weight of nice 0: so of busy threads one of nice 5 runs every
// third time, as on Linux. One that woke up stands in a line of its own; while both lines have
// somebody they take turns, so it waits for one tick at most, and those that sleep and wake all the
// time keep nobody from running. A thread that yields, or used its tick up, goes to the end of the
// other line.
//
// The queue of sched/queue.h would also be fair to threads that use parts of their ticks, at a cost
// in each switch, of which a sandbox has far more than there are between sandboxes.
#pragma once

#include "base/result.h"
#include "kernel/process.h"

namespace cloche::kernel {

class RunQueue {
 public:
  bool empty() const { return size_ == 0; }
  uint32_t size() const { return size_; }

  // `woke`: it slept, and has not used its turn up.
  void push(Thread& thread, bool woke);
  // Nothing when it is not in the queue.
  void remove(Thread& thread);
  // Null: none is ready.
  Thread* pop();

 private:
  struct Line {
    Thread *first = nullptr, *last = nullptr;
  };
  static void append(Line& line, Thread& thread);
  static void unlink(Line& line, Thread& thread);
  Line& line_of(const Thread& thread) { return thread.woke ? woken_ : waiting_; }
  Thread* take(Line& line);

  Line woken_, waiting_;
  uint32_t size_ = 0;
  bool woken_next_ = true;
};

}  // namespace cloche::kernel
