// Time and randomness enter the kernel through these interfaces only (design D8).
#pragma once

#include <cstddef>
#include <cstdint>

namespace cloche {

// Nanoseconds. Implementations are safe to call from one thread at a time.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t monotonic_ns() = 0;  // never goes back; zero is arbitrary
  virtual int64_t realtime_ns() = 0;   // since 1970-01-01 UTC; must move between two calls
  // CPU time of the calling thread of the host; clocks that have no better idea count elapsed time.
  virtual int64_t cpu_ns() { return monotonic_ns(); }
};

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void fill(void* buffer, size_t size) = 0;
};

// The host's clocks and getrandom(2).
class HostClock final : public Clock {
 public:
  int64_t monotonic_ns() override;
  int64_t realtime_ns() override;
  int64_t cpu_ns() override;
};
class HostRandom final : public RandomSource {
 public:
  void fill(void* buffer, size_t size) override;
};

}  // namespace cloche
