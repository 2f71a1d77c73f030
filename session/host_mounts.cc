#include "session/host_mounts.h"

#include "base/printable.h"
#include "session/failures.h"
#include "vfs/hostfs.h"
#include "vfs/overlay.h"

namespace cloche::session {

Expected<HostMount> open_host_mount(const Mount& mount, const HostMountOptions& options) {
  if (mount.host.empty() || mount.host.find('\0') != std::string::npos) {
    return invalid("mount at '" + printable(mount.guest) +
                   "': the host's path is empty or holds a NUL byte");
  }
  const bool writable = mount.mode == MountMode::kReadWrite;
  auto root = vfs::open_hostfs(
      mount.host, {.mode = writable ? vfs::HostMode::kReadWrite : vfs::HostMode::kReadOnly,
                   .dev = options.device,
                   .uid = options.user,
                   .gid = options.user,
                   .clock = &options.clock,
                   .before_change = options.before_change});
  if (!root.ok()) {
    Failure failure = failure_of(root.error());
    failure.message = "mount '" + printable(mount.host) + "' at '" + printable(mount.guest) +
                      "': " + failure.message;
    return failure;
  }
  if (mount.mode == MountMode::kCopyOnWrite) {
    vfs::InodeRef above = vfs::make_overlay(
        std::move(root).value(),
        {.clock = &options.clock, .budget = options.budget, .dev = options.device});
    return HostMount{std::move(above), "overlay", "rw"};
  }
  return HostMount{std::move(root).value(), "hostfs", writable ? "rw" : "ro"};
}

}  // namespace cloche::session
