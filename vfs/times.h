// File times. Internal to vfs.
#pragma once

#include "base/clock.h"
#include "vfs/inode.h"

namespace cloche::vfs {

inline Timespec read_clock(Clock& clock) {
  int64_t ns = clock.realtime_ns();
  return Timespec{ns / 1'000'000'000, static_cast<int32_t>(ns % 1'000'000'000)};
}

inline bool is_later(const Timespec& a, const Timespec& b) {
  return a.seconds != b.seconds ? a.seconds > b.seconds : a.nanoseconds > b.nanoseconds;
}

// Does a read at `now` move the access time (mount option relatime)? It does when the file changed
// since it was last read, or once a day.
inline bool relatime_is_due(const Timespec& atime, const Timespec& mtime, const Timespec& ctime,
                            const Timespec& now) {
  constexpr int64_t kDaySeconds = int64_t{24} * 3600;
  return !is_later(atime, mtime) || !is_later(atime, ctime) ||
         now.seconds - kDaySeconds >= atime.seconds;
}

}  // namespace cloche::vfs
