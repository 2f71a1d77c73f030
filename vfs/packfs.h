// packfs: the guest's packs as one read-only file system. Every change is EROFS. What an added pack
// brings is found like the rest; when that pack turns out damaged, looking its names up gives EIO,
// and folders are listed without them.
//
// Thread class: that of its namespace; the image below it is shared between threads.
#pragma once

#include "vfs/inode.h"
#include "vfs/pack_set.h"

namespace cloche::vfs {

// The root directory. `dev`: st_dev. Content that turns out damaged when read gives EIO.
InodeRef make_packfs(std::shared_ptr<const PackSet> packs, uint64_t dev);
InodeRef make_packfs(std::shared_ptr<const PackImage> image, uint64_t dev);

}  // namespace cloche::vfs
