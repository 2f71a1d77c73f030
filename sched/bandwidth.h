// cpu.max: at most `quota` of CPU time in each `period`, as cgroup v2 does.
//
// Pure: no clock, no lock; time is a parameter. What was used beyond the quota (a program is only
// stopped at the next tick) is a debt that the following periods pay first, so the rate holds
// exactly over any span of many periods. What was not used is not saved (cpu.max.burst is 0).
// Periods follow one another from the first use on and do not move.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"

namespace cloche::sched {

// `max 100000` is no Quota at all. As cgroup v2: quota at least 1 ms, period 1 ms to 1 s; the quota
// may exceed the period, for groups that run on several workers.
struct Quota {
  int64_t quota_ns = 0;
  int64_t period_ns = 100'000'000;
  friend bool operator==(const Quota&, const Quota&) = default;
};

// kInvalidArgument: out of the ranges above, or a quota beyond 4096 periods.
Status check_quota(const Quota& quota);

// Thread class: unsafe; times must not go back.
class Bandwidth {
 public:
  static constexpr int64_t kUnlimited = INT64_MAX;

  // Nothing: no limit. A debt stays a debt, in units of time; what is left of the period shrinks to
  // the new quota. `quota` passed check_quota().
  void set(const std::optional<Quota>& quota, int64_t now_ns);
  const std::optional<Quota>& quota() const { return quota_; }

  // CPU time that may be used now; kUnlimited, or <= 0 when there is none in this period.
  int64_t available(int64_t now_ns);
  // When there will be some, at the earliest: now if there is.
  int64_t next_refill(int64_t now_ns);
  // `used_ns` >= 0 of CPU time was used.
  void charge(int64_t used_ns, int64_t now_ns);

 private:
  void refill(const Quota& quota, int64_t now_ns);

  std::optional<Quota> quota_;
  int64_t period_start_ns_ = 0;
  int64_t left_ns_ = 0;  // negative: a debt
};

}  // namespace cloche::sched
