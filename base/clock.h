// Time and randomness enter the kernel through these interfaces only (design D8).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace cloche {

// Nanoseconds. Implementations are safe to call from one thread at a time.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t monotonic_ns() = 0;  // never goes back; zero is arbitrary
  virtual int64_t realtime_ns() = 0;   // since 1970-01-01 UTC; must move between two calls
  // CPU time of the calling thread of the host; clocks that have no better idea count elapsed time.
  virtual int64_t cpu_ns() { return monotonic_ns(); }
  // Page faults of the calling thread: each new page of memory is one. 0 if nobody counts.
  virtual uint64_t page_faults() { return 0; }
};

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void fill(void* buffer, size_t size) = 0;
  // A source for somebody else whose numbers depend on what was drawn here before, but neither on
  // nor to what is drawn here later. Null: who asks shares this one.
  virtual std::unique_ptr<RandomSource> split() { return nullptr; }
};

// The host's clocks and getrandom(2).
class HostClock final : public Clock {
 public:
  int64_t monotonic_ns() override;
  int64_t realtime_ns() override;
  int64_t cpu_ns() override;
  uint64_t page_faults() override;
};
// Another clock in whole steps, rounded down: all that a guest may know of the time. It still ticks
// when the other one does, so who counts between two ticks knows more.
class RoundedClock final : public Clock {
 public:
  // `clock` outlives it; `step_ns` is above zero.
  RoundedClock(Clock& clock, int64_t step_ns) : clock_(clock), step_ns_(step_ns) {}
  int64_t monotonic_ns() override { return round(clock_.monotonic_ns()); }
  int64_t realtime_ns() override { return round(clock_.realtime_ns()); }
  int64_t cpu_ns() override { return round(clock_.cpu_ns()); }

  int64_t step_ns() const { return step_ns_; }
  int64_t round(int64_t ns) const {
    const int64_t rest = ns % step_ns_;
    return ns - rest - (rest < 0 ? step_ns_ : 0);
  }
  // The first step at or after it; the last there is at most.
  int64_t round_up(int64_t ns) const {
    const int64_t below = round(ns);
    int64_t above = below;
    if (below != ns && __builtin_add_overflow(below, step_ns_, &above)) return below;
    return above;
  }

 private:
  Clock& clock_;
  const int64_t step_ns_;
};

class HostRandom final : public RandomSource {
 public:
  void fill(void* buffer, size_t size) override;
};

}  // namespace cloche
