#include "sched/bandwidth.h"

#include <algorithm>

namespace cloche::sched {
namespace {
constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kMaxPeriod = 1000 * kMillisecond;
constexpr int64_t kMaxPeriodsInQuota = 4096;  // more CPUs than any host has
}  // namespace

Status check_quota(const Quota& quota) {
  if (quota.period_ns < kMillisecond || quota.period_ns > kMaxPeriod)
    return make_error(Code::kInvalidArgument, "the period of cpu.max is 1 ms to 1 s");
  if (quota.quota_ns < kMillisecond || quota.quota_ns > kMaxPeriodsInQuota * quota.period_ns)
    return make_error(Code::kInvalidArgument, "the quota of cpu.max is 1 ms to %lld periods",
                      static_cast<long long>(kMaxPeriodsInQuota));
  return ok_status();
}

void Bandwidth::set(const std::optional<Quota>& quota, int64_t now_ns) {
  if (quota_) refill(*quota_, now_ns);
  if (!quota) {
    left_ns_ = std::min<int64_t>(left_ns_, 0);
  } else if (!quota_) {
    left_ns_ = std::min<int64_t>(left_ns_, 0) + quota->quota_ns;
    period_start_ns_ = now_ns;
  } else {
    left_ns_ = std::min(left_ns_, quota->quota_ns);
  }
  quota_ = quota;
}

int64_t Bandwidth::available(int64_t now_ns) {
  if (!quota_) return kUnlimited;
  refill(*quota_, now_ns);
  return left_ns_;
}

int64_t Bandwidth::next_refill(int64_t now_ns) {
  if (!quota_) return now_ns;
  const Quota quota = *quota_;
  refill(quota, now_ns);
  if (left_ns_ > 0) return now_ns;
  const int64_t periods = -left_ns_ / quota.quota_ns + 1;
  return period_start_ns_ + periods * quota.period_ns;
}

void Bandwidth::charge(int64_t used_ns, int64_t now_ns) {
  if (!quota_) return;
  refill(*quota_, now_ns);
  left_ns_ -= used_ns;
}

void Bandwidth::refill(const Quota& quota, int64_t now_ns) {
  const int64_t periods = (now_ns - period_start_ns_) / quota.period_ns;
  if (periods <= 0) return;
  period_start_ns_ += periods * quota.period_ns;
  // In 128 bits: a machine that slept for long has missed many periods.
  const __int128 refilled = left_ns_ + static_cast<__int128>(periods) * quota.quota_ns;
  left_ns_ = static_cast<int64_t>(std::min<__int128>(refilled, quota.quota_ns));
}

}  // namespace cloche::sched
