// Budgets of one capability. Charged, never refunded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "cap/denial.h"

namespace cloche::cap {

// At most `calls` calls in any period of that length.
struct Rate {
  static constexpr uint32_t kMaxCalls = 65'536;  // each takes eight bytes
  uint32_t calls = 0;
  int64_t per_ns = 0;  // more than zero
};

struct BudgetLimits {
  std::optional<uint64_t> calls;  // zero: none at all
  std::optional<uint64_t> bytes;
  std::optional<Rate> rate;
};

// Not safe for threads: the tree's lock guards it.
class Budget {
 public:
  explicit Budget(const BudgetLimits& limits);

  // Why `calls` (0 or 1) and `bytes` more do not fit; nothing when they do. Changes nothing.
  std::optional<Reason> refusal(uint32_t calls, uint64_t bytes, int64_t monotonic_ns) const;
  // Takes what refusal() let pass at the same time.
  void charge(uint32_t calls, uint64_t bytes, int64_t monotonic_ns);
  // Until one call fits the rate, in ns; 0: now.
  int64_t rate_wait(int64_t monotonic_ns) const;

  const std::optional<uint64_t>& calls_left() const { return left_.calls; }
  const std::optional<uint64_t>& bytes_left() const { return left_.bytes; }
  static size_t memory(const BudgetLimits& limits);  // bytes beside the object's own

 private:
  BudgetLimits left_;
  std::vector<int64_t> recent_;  // a ring: when the last calls were made
  size_t next_ = 0;              // where the oldest of a full ring stands
  size_t used_ = 0;
};

}  // namespace cloche::cap
