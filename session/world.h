// The files of a fresh sandbox: one namespace in which the guest's packs, the writable places in
// memory and the caller's mounts hang.
//
//   /            memfs that belongs to root: mount points and the packs' top-level names
//   /usr /etc .. the packs, read-only
//   /home/NAME   memfs, the user's
//   /tmp         memfs, everybody's
//   /dev /proc   empty here; the kernel puts its own over them
//   /run/cloche  modules of the host that are run as programs
//   /run/tools   empty here, too; what the kernel puts there tells which tools there are
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "include/cloche/cloche.hpp"
#include "session/host_mounts.h"
#include "vfs/budget.h"
#include "vfs/pack_set.h"
#include "vfs/walk.h"

namespace cloche::session {

inline constexpr uint32_t kUserId = 1000;

struct WorldOptions {
  std::shared_ptr<const vfs::PackSet> packs;  // null: none
  const std::vector<Mount>& mounts;
  MountOpener open;  // what a mount is a mount of
  std::string user;
  uint64_t disk = 0, inodes = 0;
  RoundedClock& clock;  // outlives the world
  // What writable places take is taken of this one, too; null: there is none.
  Ref<vfs::Budget> outer_budget = nullptr;
  // Asked before the host's files under a mount are changed; false refuses with EIO. Empty: not
  // asked.
  std::function<bool(const Mount& mount)> before_change = {};
};

struct World {
  std::unique_ptr<vfs::Namespace> names;
  Ref<vfs::Budget> budget;      // of all writable places in memory
  vfs::InodeRef module_folder;  // /run/cloche
  std::string home;
};

// Errors: kInvalidArgument (a bad user name, a bad guest path, a mount over a mount, no place for a
// mount), kNotFound and kPermissionDenied (a mount's host path), kUnsupported (no openat2).
Expected<World> build_world(const WorldOptions& options);

// Puts a module where the guest can run it; gives its path. The name is the last component of
// `name`, or "module" if that cannot name a file.
Expected<std::string> place_module(const World& world, const std::string& name,
                                   const std::vector<uint8_t>& bytes);

}  // namespace cloche::session
