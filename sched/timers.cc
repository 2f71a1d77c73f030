#include "sched/timers.h"

#include "base/result.h"

namespace cloche::sched {

void Timers::put(size_t index, Timer& timer) {
  heap_[index] = &timer;
  timer.index_ = index;
}

// Moves what stands at `index` up or down to its place.
void Timers::sift(size_t index) {
  Timer& timer = *heap_[index];
  for (; index > 0 && before(timer, *heap_[(index - 1) / 2]); index = (index - 1) / 2)
    put(index, *heap_[(index - 1) / 2]);
  for (;;) {
    size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child])) ++child;
    if (!before(*heap_[child], timer)) break;
    put(index, *heap_[child]);
    index = child;
  }
  put(index, timer);
}

void Timers::set(Timer& timer, int64_t due_ns) {
  if (due_ns == kNever) {
    cancel(timer);
    return;
  }
  timer.due_ns_ = due_ns;
  timer.order_ = ++orders_;
  if (!timer.armed()) {
    heap_.push_back(nullptr);
    put(heap_.size() - 1, timer);
  }
  sift(timer.index_);
}

void Timers::cancel(Timer& timer) {
  if (!timer.armed()) return;
  const size_t index = timer.index_;
  CHECK(heap_[index] == &timer);
  Timer& last = *heap_.back();
  heap_.pop_back();
  timer.index_ = Timer::kNone;
  timer.due_ns_ = kNever;
  if (&last == &timer) return;
  put(index, last);
  sift(index);
}

Timer* Timers::pop_due(int64_t now_ns) {
  if (heap_.empty() || heap_[0]->due_ns_ > now_ns) return nullptr;
  Timer* first = heap_[0];
  cancel(*first);
  return first;
}

}  // namespace cloche::sched
