// Opening FIFOs: the rules of fifo(7), where one end waits for the other.
#pragma once

#include "kernel/pipe.h"

namespace cloche::kernel {

// Opens an end. O_RDONLY and O_WRONLY wait for the other side; O_NONBLOCK does not (ENXIO for a
// writer without a reader). When it waits, the half-open end is in call.scratch().object, and the
// next run of the call must come to resume_open_fifo().
SysResult<FileRef> open_fifo(Call& call, const vfs::Location& location, uint32_t flags);
SysResult<FileRef> resume_open_fifo(Call& call);

}  // namespace cloche::kernel
