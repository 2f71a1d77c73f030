// From a location to an open file: what open(2) does after the path walk, for every kind of inode.
#pragma once

#include "kernel/open_file.h"
#include "vfs/ops.h"

namespace cloche::kernel {

// `flags` as openat(2) has them. Permissions and O_CREAT, O_TRUNC are done (vfs/ops.h), which
// opened files that it created: their body is taken from `opened`. May block
// on a FIFO: the call then continues at resume_open_fifo() (kernel/fifo.h). Errors: ENXIO for
// sockets and for devices that nothing answers to, EACCES for special files on file systems that
// may not have live ones.
SysResult<FileRef> open_location(Call& call, vfs::Opened opened, uint32_t flags);

// How many descriptors the process may have.
uint32_t descriptor_limit(const Process& process);
// Gives the file the lowest free descriptor; O_CLOEXEC of `flags` counts. EMFILE.
SysResult<int32_t> install(Call& call, FileRef file, uint32_t flags);

}  // namespace cloche::kernel
