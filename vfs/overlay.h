// overlay: a read-only tree below, changes in memory above: host mounts of mode `cow`, and a
// writable guest pack.
//
// Nothing below is ever written. What is changed is kept in memory and charged to the Budget: pages
// of copied and new content as bytes; each new or moved name, each hidden name and each changed
// inode of the tree below as one inode. So removing costs an inode, too (ENOSPC when none is left);
// a removed directory gives back what was charged inside.
//
// Better than the kernel's overlayfs, because names and inodes are apart here: renaming a directory
// of the tree below works and copies nothing; all hard links of a file below stay one file when it
// is changed; inode numbers never change. A file's content is copied when it is first written (not
// when it is opened), at most as much of it as a truncation leaves.
//
// The tree below must not be changed by others while it is mounted; what they change in files not
// copied yet shows through, and a folder they move loses its changes.
//
// Thread class: that of its namespace.
#pragma once

#include "base/clock.h"
#include "vfs/budget.h"
#include "vfs/inode.h"

namespace cloche::vfs {

struct OverlayOptions {
  Clock* clock = nullptr;  // outlives the file system
  Ref<Budget> budget;
  uint64_t dev = 0;  // st_dev
};

// The root: shows `lower`, a directory or a regular file.
InodeRef make_overlay(InodeRef lower, const OverlayOptions& options);

}  // namespace cloche::vfs
