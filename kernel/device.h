// Character devices that the kernel gives life: null, zero, full, random, urandom, and by their own
// classes tty, ptmx and the terminals.
#pragma once

#include "kernel/open_file.h"

namespace cloche::kernel {

// Linux's numbers, as Stat::rdev has them.
constexpr uint64_t device_number(uint32_t major, uint32_t minor) {
  return (uint64_t{major} << 8) | minor;
}
inline constexpr uint64_t kDevNull = device_number(1, 3), kDevZero = device_number(1, 5),
                          kDevFull = device_number(1, 7), kDevRandom = device_number(1, 8),
                          kDevUrandom = device_number(1, 9), kDevTty = device_number(5, 0),
                          kDevPtmx = device_number(5, 2);
inline constexpr uint64_t kDevTool = device_number(240, 0);  // 240: for local use
inline constexpr uint32_t kPtsMajor = 136;                   // the minor number is the terminal's

// null, zero, full, random, urandom: they carry bytes and nothing else.
bool is_memory_device(uint64_t number);

// Opens a device node. ENXIO for a number nothing answers to.
SysResult<FileRef> open_device(Call& call, const vfs::Location& location, uint32_t flags);

}  // namespace cloche::kernel
