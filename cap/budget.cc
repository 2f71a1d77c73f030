#include "cap/budget.h"

#include <algorithm>

#include "base/result.h"

namespace cloche::cap {

const char* reason_name(Reason reason) {
  static constexpr const char* kNames[] = {"no_capability", "scope", "revoked", "expired", "rights",
                                           "caveat",        "calls", "bytes",   "rate"};
  return kNames[static_cast<size_t>(reason)];
}

Budget::Budget(const BudgetLimits& limits) : left_(limits) {
  if (limits.rate) recent_.resize(limits.rate->calls);
}

std::optional<Reason> Budget::refusal(uint32_t calls, uint64_t bytes, int64_t monotonic_ns) const {
  if (left_.calls && *left_.calls < calls) return Reason::kCalls;
  if (left_.bytes && *left_.bytes < bytes) return Reason::kBytes;
  if (calls > 0 && rate_wait(monotonic_ns) > 0) return Reason::kRate;
  return std::nullopt;
}

void Budget::charge(uint32_t calls, uint64_t bytes, int64_t monotonic_ns) {
  CHECK(!left_.calls || *left_.calls >= calls);
  CHECK(!left_.bytes || *left_.bytes >= bytes);
  if (left_.calls) *left_.calls -= calls;
  if (left_.bytes) *left_.bytes -= bytes;
  if (calls == 0 || recent_.empty()) return;
  recent_[next_] = monotonic_ns;
  next_ = (next_ + 1) % recent_.size();
  used_ = std::min(used_ + 1, recent_.size());
}

int64_t Budget::rate_wait(int64_t monotonic_ns) const {
  if (!left_.rate) return 0;
  if (recent_.empty()) return left_.rate->per_ns;  // a rate of zero calls
  if (used_ < recent_.size()) return 0;
  // The tree hands in times that never go back, so the difference is not negative.
  const int64_t since_oldest = monotonic_ns - recent_[next_];
  return since_oldest >= left_.rate->per_ns ? 0 : left_.rate->per_ns - since_oldest;
}

size_t Budget::memory(const BudgetLimits& limits) {
  return limits.rate ? limits.rate->calls * sizeof(int64_t) : 0;
}

}  // namespace cloche::cap
