// An open file of one kernel as an open file of a kernel inside it: the standard streams of a
// sandbox that another sandbox started. The two are on one OS thread.
#pragma once

#include "kernel/host_stream.h"
#include "kernel/open_file.h"

namespace cloche::kernel {

enum class LendFor : uint8_t { kInput, kOutput };

// `file`, for one direction, as a stream of `inner`: to the guest it looks like a pipe, as a
// descriptor of the host does, and it carries nothing but bytes. `budget`: what may be written in
// all; what is beyond it is lost. EBADF: it is not open for that direction. EINVAL: it is of a kind
// that does more than carry bytes, such as /dev/tool or the other end of a terminal.
SysResult<FileRef> lend_file(Kernel& inner, FileRef file, LendFor direction,
                             Ref<OutputBudget> budget);

}  // namespace cloche::kernel
