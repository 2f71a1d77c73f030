// A host folder or file, opened as a file system of the sandbox.
#pragma once

#include <functional>

#include "base/clock.h"
#include "include/cloche/cloche.hpp"
#include "vfs/budget.h"
#include "vfs/inode.h"

namespace cloche::session {

struct HostMountOptions {
  RoundedClock& clock;
  Ref<vfs::Budget> budget;  // of what a cow mount keeps in memory
  uint64_t device = 0;
  uint32_t user = 0;  // as whom the guest sees what belongs to the host's user
  std::function<bool()> before_change = {};  // of a mount that is rw; see vfs::HostfsOptions
};

struct HostMount {
  vfs::InodeRef root;
  const char* type;     // for /proc/self/mounts
  const char* options;  // the same: "ro" or "rw"
};

using MountOpener = std::function<Expected<HostMount>(const Mount&, const HostMountOptions&)>;

// Errors: kNotFound, kPermissionDenied and kInvalidArgument (neither folder nor file), naming the
// host path; kUnsupported when the host's kernel lacks openat2.
Expected<HostMount> open_host_mount(const Mount& mount, const HostMountOptions& options);

}  // namespace cloche::session
