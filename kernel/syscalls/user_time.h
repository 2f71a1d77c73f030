// struct timespec of 64-bit time, and the clocks of the kernel.
#pragma once

#include "kernel/kernel.h"

namespace cloche::kernel {

inline constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

enum ClockId : int32_t {
  kClockRealtime = 0,
  kClockMonotonic = 1,
  kClockProcessCpu = 2,
  kClockThreadCpu = 3,
  kClockMonotonicRaw = 4,
  kClockRealtimeCoarse = 5,
  kClockMonotonicCoarse = 6,
  kClockBoottime = 7,
  kClockRealtimeAlarm = 8,
  kClockBoottimeAlarm = 9,
  kClockTai = 11,
};

struct UserTimespec {
  int64_t seconds = 0, nanoseconds = 0;
};
struct UserItimerspec {
  UserTimespec interval, value;
};

// EINVAL unless seconds >= 0 and 0 <= nanoseconds < 1e9. Saturates at INT64_MAX ns (292 years).
inline SysResult<int64_t> to_nanoseconds(const UserTimespec& time) {
  if (time.seconds < 0 || time.nanoseconds < 0 || time.nanoseconds >= kNanosecondsPerSecond)
    return Errno::kINVAL;
  int64_t total;
  if (__builtin_mul_overflow(time.seconds, kNanosecondsPerSecond, &total) ||
      __builtin_add_overflow(total, time.nanoseconds, &total))
    return INT64_MAX;
  return total;
}

// The same of a timespec in guest memory.
inline SysResult<int64_t> get_nanoseconds(Call& call, UserPtr at) {
  const auto time = TRY(call.get<UserTimespec>(at));
  return to_nanoseconds(time);
}

inline UserTimespec to_timespec(int64_t nanoseconds) {
  return {nanoseconds / kNanosecondsPerSecond, nanoseconds % kNanosecondsPerSecond};
}

// When a relative time of at least 0 ns is over; Call::kNoDeadline at most.
inline int64_t deadline_after(int64_t now, int64_t nanoseconds) {
  int64_t sum;
  return __builtin_add_overflow(now, nanoseconds, &sum) ? Call::kNoDeadline : sum;
}

// Clocks by their Linux numbers. Nanoseconds, in steps of the guest's clock. EINVAL: no such clock.
SysResult<int64_t> read_clock(Call& call, int32_t clock);

// A point of `clock` as a point of the monotonic clock, on which all waiting is done. Steps of the
// host's real-time clock during the wait are not followed. EINVAL: no clock to wait by.
SysResult<int64_t> to_monotonic(Call& call, int32_t clock, int64_t time);

}  // namespace cloche::kernel
