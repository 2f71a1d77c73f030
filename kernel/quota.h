// A count with a limit, shared by all who charge it: the buffers, lock records, timers and watches
// that one sandbox makes its host keep. It may count for a sandbox around that one, too.
#pragma once

#include <cstdint>

#include "base/ref.h"

namespace cloche::kernel {

class Quota : public RefCounted {
 public:
  explicit Quota(uint64_t limit) : limit_(limit) {}
  // All of it or nothing.
  [[nodiscard]] bool take(uint64_t amount) {
    for (const Quota* at = this; at; at = at->outer_.get())
      if (amount > at->left()) return false;
    for (Quota* at = this; at; at = at->outer_.get()) at->used_ += amount;
    return true;
  }
  void give(uint64_t amount) {
    for (Quota* at = this; at; at = at->outer_.get()) at->used_ -= amount;
  }
  uint64_t used() const { return used_; }
  uint64_t left() const { return limit_ > used_ ? limit_ - used_ : 0; }
  // What is in use beyond it stays.
  void set_limit(uint64_t limit) { limit_ = limit; }
  // Counts there, too. Before anything is taken.
  void set_outer(Ref<Quota> outer) { outer_ = std::move(outer); }

 private:
  uint64_t limit_, used_ = 0;
  Ref<Quota> outer_;
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
