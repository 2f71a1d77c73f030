// packfs: a guest pack as a read-only file system. Every change is EROFS.
//
// Thread class: that of its namespace; the image below it is shared between threads.
#pragma once

#include "vfs/inode.h"
#include "vfs/pack_image.h"

namespace cloche::vfs {

// The root directory. `dev`: st_dev. Content that turns out damaged when read gives EIO.
InodeRef make_packfs(std::shared_ptr<const PackImage> image, uint64_t dev);

}  // namespace cloche::vfs
