// view: a file or folder of another file system, and what is beneath it, as a file system of its
// own: what a sandbox shows to one inside it.
//
// What is read and written is the other file system's, and so is the quota for it. The view adds
// nothing and takes away:
//  - with `read_only`, every change (EROFS);
//  - devices, FIFOs and sockets: they are shown but do not open (EACCES), and none can be made
//    (EPERM). So nothing but bytes of files passes between those on either side: no descriptors,
//    no locks;
//  - the way up: a folder that others move out of the view has no parent in it any more.
//
// Thread class: that of the other file system. Keeps it alive.
#pragma once

#include "vfs/inode.h"

namespace cloche::vfs {

struct ViewOptions {
  bool read_only = true;
  uint64_t dev = 0;  // st_dev
};

// The root: shows `shown`, a directory or a regular file.
InodeRef make_view(InodeRef shown, const ViewOptions& options);

}  // namespace cloche::vfs
