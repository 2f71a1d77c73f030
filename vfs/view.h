// view: a file or folder of another file system, and what is beneath it, as a file system of its
// own: what a sandbox shows to one inside it.
//
// What is read and written is the other file system's, and so is the quota for it. The view adds
// nothing and takes away:
//  - with `read_only`, every change (EROFS);
//  - devices, FIFOs and sockets: they are shown but do not open (EACCES), and none can be made
//    (EPERM). So nothing but bytes of files passes between those on either side: no descriptors,
//    no locks;
//  - what lies under the mounts of the other side: those see the mount there, not what it covers,
//  so
//    that this may be what nobody there can read or change. Such a place is shown closed: it can be
//    seen and mounted over, and nothing else (EACCES, EBUSY);
//  - the way up: a folder that others move out of the view has no parent in it any more.
//
// Thread class: that of the other file system. Keeps it alive.
#pragma once

#include <vector>

#include "vfs/walk.h"

namespace cloche::vfs {

struct ViewOptions {
  bool read_only = true;
  uint64_t dev = 0;                                // st_dev
  std::vector<Namespace::MountPoint> closed = {};  // of the namespace in which `shown` was found
};

// The root: shows `shown`, a directory or a regular file.
InodeRef make_view(InodeRef shown, const ViewOptions& options);

}  // namespace cloche::vfs
