// How path arguments of system calls become what vfs/ops.h and vfs/walk.h take.
#pragma once

#include <string>

#include "kernel/call.h"
#include "kernel/process.h"
#include "vfs/ops.h"

namespace cloche::kernel {

inline constexpr Fd kAtCwd{-100};
enum AtFlags : uint32_t {
  kAtNoFollow = 0x100,
  kAtRemoveDir = 0x200,
  kAtEffective = 0x200,
  kAtFollow = 0x400,
  kAtNoAutomount = 0x800,
  kAtEmptyPath = 0x1000,
  kAtStatxSync = 0x6000,
};

// A path copied out of the guest, and the directory it starts at.
struct PathFrom {
  vfs::Location base;
  std::string path;
  vfs::PathArg arg(uint32_t walk_flags = 0) const { return {base, path, walk_flags}; }
};

// The directory a descriptor (or AT_FDCWD) is. EBADF, ENOTDIR.
SysResult<vfs::Location> base_directory(Call& call, Fd directory);

// EFAULT, ENAMETOOLONG, ENOENT (empty); for a relative path EBADF and ENOTDIR of the descriptor.
SysResult<PathFrom> path_from(Call& call, Fd directory, UserPath path);

// The file that (directory, path, flags) names: the descriptor's own with AT_EMPTY_PATH and an
// empty path. Follows the last symlink when `follow`.
enum class Last : uint8_t { kFollow, kKeep };
SysResult<vfs::Location> find_file(Call& call, Fd directory, UserPath path, Last last,
                                   uint32_t at_flags = 0);

}  // namespace cloche::kernel
