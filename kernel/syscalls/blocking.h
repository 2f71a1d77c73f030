// What the reading and writing calls share: which file a call works on, and waiting for it.
#pragma once

#include <span>
#include <vector>

#include "kernel/open_file.h"

namespace cloche::kernel {

// The file the call held when it blocked, else what the descriptor names now: another thread that
// closes the descriptor meanwhile changes nothing. EBADF.
SysResult<FileRef> file_of(Call& call, Fd fd);
// Blocks until the file's queue is woken (`wanted`: kPollIn or kPollOut), or
// call.scratch().deadline if that is set. EAGAIN for a file that has no queue.
Errno wait_for(Call& call, const FileRef& file, uint32_t wanted);
inline bool nonblocking(const OpenFile& file) { return (file.flags() & kNonBlock) != 0; }

// Reads or writes in the blocking way, in the pieces that `buffers` are. A write goes on until all
// is written, or gives what it has done when a signal or an error ends it; EPIPE raises SIGPIPE.
SysResult<uint64_t> read_blocking(Call& call, const FileRef& file,
                                  std::span<const std::span<uint8_t>> buffers);
SysResult<uint64_t> write_blocking(Call& call, const FileRef& file,
                                   std::span<const std::span<const uint8_t>> buffers);
void raise_sigpipe(Call& call);

// The buffers that a list of {u32 address, u32 size} in the guest names. EINVAL: more than 1,024,
// or one of 2 GiB; EFAULT.
SysResult<std::vector<std::span<uint8_t>>> out_vectors(Call& call, UserPtr list, uint32_t count);
SysResult<std::vector<std::span<const uint8_t>>> in_vectors(Call& call, UserPtr list,
                                                            uint32_t count);
// Reads or writes at an offset, one buffer after the other, as far as whole buffers go. EINVAL for
// an offset below zero.
SysResult<uint64_t> read_vectors_at(Call& call, OpenFile& file, int64_t offset,
                                    std::span<const std::span<uint8_t>> buffers);
SysResult<uint64_t> write_vectors_at(Call& call, OpenFile& file, int64_t offset,
                                     std::span<const std::span<const uint8_t>> buffers);

}  // namespace cloche::kernel
