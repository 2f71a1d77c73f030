// memfs: a writable file system in memory, like tmpfs.
//
// Data pages and inodes (one for each further hard link, as in tmpfs) are charged to the Budget:
// ENOSPC when it ends. Directory entries and short symlinks cost host memory (under 1 KiB each)
// that the inode limit bounds; targets above 64 bytes are charged as data.
//
// Times come from the clock given; reading a file moves its access time as `relatime` does.
#pragma once

#include "base/clock.h"
#include "vfs/budget.h"
#include "vfs/inode.h"

namespace cloche::vfs {

struct MemfsOptions {
  Clock* clock = nullptr;  // outlives the file system
  Ref<Budget> budget;
  uint64_t dev = 0;                        // st_dev
  uint32_t mode = 0755, uid = 0, gid = 0;  // of the root directory
};

// The root directory of a new file system, which lives as long as any of its inodes.
InodeRef make_memfs(const MemfsOptions& options);

}  // namespace cloche::vfs
