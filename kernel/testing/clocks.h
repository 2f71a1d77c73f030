// A clock that only tests move, and random numbers that are the same each time.
#pragma once

#include "base/clock.h"

namespace cloche::kernel::testing {

class ManualClock final : public Clock {
 public:
  int64_t monotonic_ns() override { return now += 10; }  // time passes with every look
  int64_t realtime_ns() override { return 1'700'000'000'000'000'000 + monotonic_ns(); }
  uint64_t page_faults() override { return faults; }
  int64_t now = 1'000'000'000;
  uint64_t faults = 0;
};

class CountingRandom final : public RandomSource {
 public:
  void fill(void* buffer, size_t size) override {
    for (size_t i = 0; i < size; ++i) static_cast<uint8_t*>(buffer)[i] = next_++;
  }

 private:
  uint8_t next_ = 1;
};

}  // namespace cloche::kernel::testing
