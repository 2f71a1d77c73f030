// /dev/tool: tool calls as bytes (docs/tools.md). Each open file is one conversation, and holds the
// authority that its process had when it opened it: handed to another process, it lends that.
//
//   call NAME LENGTH\n<LENGTH bytes of JSON>     the parameters, an object
//   list\n                                       what may be called, as JSON
//   narrow LENGTH\n<LENGTH bytes of JSON>        from now on, this open file can do only so much
//   run LENGTH\n<LENGTH bytes of JSON>           a sandbox inside this one; answered at its end
//   adopt\n                                      the process takes this file's authority as its own
//   revoke\n                                     ends what narrow made, also in other processes
//
// Each is answered by `ok LENGTH\n`, `denied LENGTH\n` or `failed LENGTH\n` and LENGTH bytes. One
// request at a time; open the device again to call in parallel. Closing the last descriptor before
// the answer gives the call up.
//
// Two ioctls: kToolOpen makes another open file with the authority and the access mode of this one,
// but not the right to revoke it; its argument is O_CLOEXEC and O_NONBLOCK, or 0. kToolRevoke is
// `revoke` whatever somebody who shares this file has written: it gives how many, or EPERM.
#pragma once

#include "kernel/open_file.h"

namespace cloche::kernel {

inline constexpr uint64_t kMaxToolRequest = uint64_t{64} << 20;  // bytes of parameters
inline constexpr uint64_t kMaxToolBytes = uint64_t{256} << 20;   // of all requests and answers

// EACCES: the process has no authority. ENXIO: the sandbox has no tools.
SysResult<FileRef> open_tool_device(Call& call, const vfs::Location& location, uint32_t flags);

// Hangs /run/tools with tools.json, tools.txt, tools.pyi and tools.d.ts into the namespace, if that
// directory is there and the sandbox has tools. What they say depends on who reads.
SysResult<Unit> mount_tools(Kernel& kernel);

}  // namespace cloche::kernel
