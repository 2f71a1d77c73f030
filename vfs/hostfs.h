// hostfs: a folder or a file of the host as a mount.
//
// The authority is the descriptor opened at mount time. From there on everything goes by folder
// descriptors and single names (vfs/host_calls.h); the host never follows a symlink for the guest:
// links are shown as links, and where they lead is looked up inside the guest's namespace.
// What the guest may do is what the host's process may do, less this:
//  - kReadOnly: every change is EROFS;
//  - devices, FIFOs and sockets of the host are shown but do not open (EACCES), and none can be
//  made;
//  - no set-user-ID or set-group-ID bit is shown or made; nobody's owner changes.
// Files of the host's effective user and group appear as `uid`, `gid`, all others as 65534.
//
// Writes go straight to the host's files; there are no temporary files. What other processes of the
// host change meanwhile is seen; a folder they move elsewhere stays usable by those who are in it.
//
// Thread class: that of its namespace. Holds at most `max_handles` + 2 descriptors besides those of
// open files.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "vfs/inode.h"

namespace cloche::vfs {

enum class HostMode : uint8_t { kReadOnly, kReadWrite };

struct HostfsOptions {
  HostMode mode = HostMode::kReadOnly;
  uint64_t dev = 0;  // st_dev
  uint32_t uid = 1000, gid = 1000;
  size_t max_handles = 128;  // at least 4
  // What the guest may know of the time: times of files that lie between the mount's making and now
  // are rounded as it rounds. Outlives the mount; null: none is rounded.
  RoundedClock* clock = nullptr;
  // Asked before a change of the host's files is tried, opening one for writing included. False:
  // EIO, and nothing changes. Empty: every change may be.
  std::function<bool()> before_change = {};
};

// The root of the mount: the folder or regular file that `host_path` names for the host's process,
// symlinks followed, once and now. kNotFound, kPermissionDenied, kInvalidArgument (a device...),
// kUnsupported (no openat2 on this host).
Result<InodeRef> open_hostfs(const std::string& host_path, const HostfsOptions& options);

}  // namespace cloche::vfs
