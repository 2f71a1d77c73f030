// A count with a limit, shared by all who charge it: the buffers and lock records that one sandbox
// makes its host keep.
#pragma once

#include <cstdint>

#include "base/ref.h"

namespace cloche::kernel {

class Quota : public RefCounted {
 public:
  explicit Quota(uint64_t limit) : limit_(limit) {}
  // All of it or nothing.
  [[nodiscard]] bool take(uint64_t amount) {
    if (amount > limit_ - used_) return false;
    used_ += amount;
    return true;
  }
  void give(uint64_t amount) { used_ -= amount; }
  uint64_t used() const { return used_; }
  uint64_t left() const { return limit_ - used_; }

 private:
  const uint64_t limit_;
  uint64_t used_ = 0;
};

// What pipes may hold: their capacities are charged when they are made, so that a write never fails
// for it; `resident` is what their rings really take.
struct PipeMemory : RefCounted {
  static constexpr uint64_t kComfortable = 64 << 20;  // beyond it, new pipes get one page
  static constexpr uint64_t kLimit = 128 << 20;       // beyond it, there are none: ENFILE
  Quota capacity{kLimit};
  uint64_t resident = 0;
};

}  // namespace cloche::kernel
