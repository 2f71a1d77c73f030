// Deadlines, soonest first. Pure; thread class: unsafe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cloche::sched {

constexpr int64_t kNever = INT64_MAX;

class Timers;

// Belongs to its owner, who cancels it before it is gone.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  bool armed() const { return index_ != kNone; }
  int64_t due_ns() const { return due_ns_; }

 private:
  friend class Timers;
  static constexpr size_t kNone = SIZE_MAX;
  int64_t due_ns_ = kNever;
  uint64_t order_ = 0;
  size_t index_ = kNone;
};

// A binary heap that knows where each timer stands: setting, moving and cancelling cost O(log n).
// Of equal deadlines the one set first is first.
class Timers {
 public:
  Timers() = default;
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  // Arms or moves it. kNever: cancels it.
  void set(Timer& timer, int64_t due_ns);
  void cancel(Timer& timer);
  int64_t next() const { return heap_.empty() ? kNever : heap_[0]->due_ns_; }
  // Takes out the first if it is due; else null.
  Timer* pop_due(int64_t now_ns);
  size_t size() const { return heap_.size(); }

 private:
  static bool before(const Timer& a, const Timer& b) {
    return a.due_ns_ != b.due_ns_ ? a.due_ns_ < b.due_ns_ : a.order_ < b.order_;
  }
  void put(size_t index, Timer& timer);
  void sift(size_t index);

  std::vector<Timer*> heap_;
  uint64_t orders_ = 0;
};

}  // namespace cloche::sched
