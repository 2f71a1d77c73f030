#include "kernel/run_queue.h"

#include <algorithm>

#include "sched/weight.h"

namespace cloche::kernel {
namespace {

// What a thread has to its account is less than this many turns.
constexpr int64_t kMostTurns = 4;

int64_t weight_of(const Thread& thread) {
  const auto weight = sched::weight_of_nice(thread.process->nice);
  return weight.ok() ? *weight : sched::kDefaultWeight;
}

}  // namespace

void RunQueue::append(Line& line, Thread& thread) {
  thread.run_previous = line.last;
  thread.run_next = nullptr;
  (line.last ? line.last->run_next : line.first) = &thread;
  line.last = &thread;
}

void RunQueue::unlink(Line& line, Thread& thread) {
  (thread.run_previous ? thread.run_previous->run_next : line.first) = thread.run_next;
  (thread.run_next ? thread.run_next->run_previous : line.last) = thread.run_previous;
  thread.run_previous = thread.run_next = nullptr;
}

void RunQueue::push(Thread& thread, bool woke) {
  CHECK(!thread.queued);
  thread.queued = true;
  thread.woke = woke;
  ++size_;
  append(line_of(thread), thread);
}

void RunQueue::remove(Thread& thread) {
  if (!thread.queued) return;
  thread.queued = false;
  --size_;
  unlink(line_of(thread), thread);
}

// The first of the line whose account pays for a turn.
Thread* RunQueue::take(Line& line) {
  for (;;) {
    Thread& thread = *line.first;
    if (thread.process->nice == 0) return &thread;
    thread.credit = std::min(thread.credit + weight_of(thread), kMostTurns * sched::kDefaultWeight);
    // Alone it need not wait for itself.
    if (thread.credit >= sched::kDefaultWeight || line.first == line.last) {
      thread.credit = std::max<int64_t>(thread.credit - sched::kDefaultWeight, 0);
      return &thread;
    }
    unlink(line, thread);
    append(line, thread);
  }
}

Thread* RunQueue::pop() {
  if (empty()) return nullptr;
  const bool woken = waiting_.first == nullptr || (woken_.first != nullptr && woken_next_);
  woken_next_ = !woken;
  Thread* const thread = take(woken ? woken_ : waiting_);
  remove(*thread);
  return thread;
}

}  // namespace cloche::kernel
