// struct timespec of 64-bit time, and the clocks of the kernel.
#pragma once

#include "kernel/kernel.h"

namespace cloche::kernel {

inline constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

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

}  // namespace cloche::kernel
