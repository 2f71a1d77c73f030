// How the functions of WASI reach what their arguments name: descriptors with rights, paths,
// buffers. The order of checks is descriptor, kind, right, then the other arguments.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kernel/call.h"
#include "kernel/kernel.h"
#include "kernel/wasi/state.h"
#include "vfs/ops.h"

namespace cloche::kernel::wasi {

// ENOSYS for a process whose program is not one for WASI: the fuzzer's, and tests'.
SysResult<State*> state_of(Call& call);

// An open file with all of `needed`. EBADF, ENOTCAPABLE.
SysResult<FileRef> file_with(Call& call, Fd fd, Rights needed);
// The same for what only files have, so that a directory is EBADF.
SysResult<FileRef> body_with(Call& call, Fd fd, Rights needed);
// The same for reading (kFdRead) and writing (kFdWrite): EBADF when it was not opened for that. Of
// a call that goes on after it blocked, the file that it had.
SysResult<FileRef> stream_with(Call& call, Fd fd, Rights needed);

// A path copied out of the guest, and where it starts.
struct Path {
  vfs::Location base;
  std::string text;
  uint32_t walk_flags = 0;
  vfs::PathArg arg() const { return {base, text, walk_flags}; }
};
// EBADF; ENOTDIR; ENOTCAPABLE; EFAULT; ENAMETOOLONG; ENOENT (empty); EINVAL (holds a NUL); EPERM
// (absolute).
SysResult<Path> path_at(Call& call, Fd directory, UserPtr path, uint32_t size, Rights needed);

// What a walk beneath a directory gives for a path that leads out of it (EXDEV) is EPERM here.
template <class T>
SysResult<T> beneath(SysResult<T> result) {
  if (!result.ok() && result.error() == Errno::kXDEV) return Errno::kPERM;
  return result;
}
// The same for operations that have an EXDEV of their own: fails when the parent of the path is
// out of reach.
SysResult<Unit> check_reach(Call& call, const Path& path);

// The file that a path names. EPERM when it leads out of its directory; as path_resolution(7).
SysResult<vfs::Location> find(Call& call, const Path& path, bool follow);

// Where the time is in `stat`, for the guest: nanoseconds since 1970, 0 for what is before.
uint64_t to_timestamp(const vfs::Timespec& time);

}  // namespace cloche::kernel::wasi
