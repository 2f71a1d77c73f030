// fdflags of WASI and status flags of open files.
#pragma once

#include "kernel/open_file.h"
#include "kernel/wasi/wasi.h"

namespace cloche::kernel::wasi {

inline constexpr uint32_t kOpenSync = 04000000 | kDsync;  // O_SYNC
inline constexpr uint32_t kAllStatusFlags = kAppend | kNonBlock | kOpenSync;

inline uint32_t to_open_flags(uint32_t flags) {
  uint32_t result = 0;
  if (flags & kFlagAppend) result |= kAppend;
  if (flags & kFlagNonblock) result |= kNonBlock;
  if (flags & kFlagDsync) result |= kDsync;
  if (flags & (kFlagRsync | kFlagSync)) result |= kOpenSync;
  return result;
}

inline uint16_t to_fd_flags(uint32_t flags) {
  uint32_t result = 0;
  if (flags & kAppend) result |= kFlagAppend;
  if (flags & kNonBlock) result |= kFlagNonblock;
  if (flags & kDsync) result |= kFlagDsync;
  if ((flags & kOpenSync) == kOpenSync) result |= kFlagSync | kFlagRsync;
  return static_cast<uint16_t>(result);
}

}  // namespace cloche::kernel::wasi
