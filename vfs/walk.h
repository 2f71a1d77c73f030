// Namespace and path walk: the mount table of a sandbox, and "which inode does this path name",
// exactly as path_resolution(7) and openat2(2) have it.
//
// ".." asks the directory itself (Inode::parent) and, at the root of a mount, the mount: so a moved
// directory is where it is now, and nothing leads above the root.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vfs/inode.h"

namespace cloche::vfs {

inline constexpr size_t kPathMax =
    4096;  // with the terminating NUL: ENAMETOOLONG from 4096 bytes on
inline constexpr size_t kNameMax = 255;
inline constexpr int kSymlinkMax = 40;  // ELOOP beyond

// A mounted file system. `directory` and `name` say over what it hangs in `above`; the root mount
// has neither.
struct Mount : RefCounted {
  InodeRef root;
  Mount* above = nullptr;  // the namespace keeps all its mounts alive
  InodeRef directory;
  std::string name;
  std::string source, type, options;
  uint32_t id = 0;
  uint32_t mounts_on_it = 0;
};

// A file as reached through a namespace. Value type, cheap to copy. Locations must not outlive
// their namespace. `mount` is null for a file in no namespace (a pipe reached through
// /proc/self/fd).
struct Location {
  InodeRef inode;
  Ref<Mount> mount;
  // Non-directories only: where it was found, for /proc/self/fd.
  InodeRef parent;
  std::string name;
  explicit operator bool() const { return static_cast<bool>(inode); }
};

enum WalkFlags : uint32_t {
  kFollowLast = 1,     // follow a symlink in the last component
  kDirectoryOnly = 2,  // ENOTDIR unless a directory
  kNoSymlinks = 4,     // RESOLVE_NO_SYMLINKS: ELOOP
  kBeneath = 8,        // RESOLVE_BENEATH: EXDEV
  kInRoot = 16,        // RESOLVE_IN_ROOT: `base` is "/"
  kNoXdev = 32,        // RESOLVE_NO_XDEV: EXDEV
  kNoMagicLinks = 64,  // RESOLVE_NO_MAGICLINKS: ELOOP
};

enum class LastKind : uint8_t { kNormal, kDot, kDotDot, kRoot };

// The parent directory and last component of a path that may not exist yet.
struct ParentWalk {
  Location directory;
  std::string name;  // "." , ".." or "/" appear as they are: callers give EEXIST, EINVAL, EBUSY
  LastKind kind = LastKind::kNormal;
  bool trailing_slash = false;
  bool normal() const { return kind == LastKind::kNormal; }
};

// Permission check by mode bits as Linux does for a non-root user (there is no root): EACCES.
SysResult<Unit> check_access(const Stat& stat, const Credentials& who, uint32_t access);
// inode_permission(): EROFS for kWrite on a read-only file system (not for devices and FIFOs), then
// Inode::check_access.
SysResult<Unit> may_access(Inode& inode, const Credentials& who, uint32_t access);

// A name in a directory, as a change of it is told.
struct NameChange {
  Inode& directory;
  std::string_view name;
};

// Who is told of the changes of names that went through a namespace (vfs/ops.h), after they
// happened.
class NameObserver {
 public:
  virtual ~NameObserver() = default;
  virtual void created(Inode& directory, std::string_view name, Inode& made) = 0;
  virtual void linked(Inode& directory, std::string_view name, Inode& target) = 0;
  virtual void removed(Inode& directory, std::string_view name, Inode& victim) = 0;
  // `replaced`: what had the name before, if something had.
  virtual void renamed(const NameChange& from, const NameChange& to, Inode& source,
                       Inode* replaced) = 0;
};

// One sandbox's view. Created with a root directory; mounts are added before the first process
// runs.
class Namespace {
 public:
  explicit Namespace(InodeRef root, std::string source = "none", std::string type = "rootfs",
                     std::string options = "rw");
  ~Namespace();
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;

  Location root() const;

  // Null: nobody is told. It outlives the namespace, or is taken away before.
  void set_observer(NameObserver* observer) { observer_ = observer; }
  NameObserver* observer() const { return observer_; }

  // Hangs `root_of_mount` at `path`, an existing directory (or file, for a file). EBUSY for a mount
  // over a mount, ENOENT, ENOTDIR. Checks no permissions.
  SysResult<Unit> mount(std::string_view path, InodeRef root_of_mount, std::string source,
                        std::string type, std::string options);

  // The location `path` names, seen from the directory `base`. ENOENT for an empty path. Needs
  // kExecute on each directory passed through (EACCES).
  SysResult<Location> walk(const Location& base, std::string_view path, const Credentials& who,
                           uint32_t flags) const;
  // All but the last component; symlinks in the last one are not looked at. flags: kBeneath.. only.
  SysResult<ParentWalk> walk_parent(const Location& base, std::string_view path,
                                    const Credentials& who, uint32_t flags) const;
  // The child `name` (a normal component) of `directory`: crosses mounts, follows no symlinks,
  // checks no permissions. ENAMETOOLONG, ENOENT.
  SysResult<Location> child(const Location& directory, std::string_view name) const;
  // One step up; the root's parent is itself. ENOENT if the directory left its mount.
  SysResult<Location> parent(const Location& directory) const;

  // Absolute path of a location, for /proc: with " (deleted)" when it was removed. ENOENT when it
  // is in no namespace.
  SysResult<std::string> path_of(const Location& location) const;
  // getcwd(2): ENOENT when the directory was removed.
  SysResult<std::string> current_path(const Location& directory) const;
  // Is `directory` still linked below the root? (getcwd: ENOENT)
  bool reachable(const Location& location) const;
  bool same_mount(const Location& a, const Location& b) const;
  bool is_mount_point(const Location& directory, std::string_view name) const;

  // Over what other mounts hang in the file system of `mount`.
  struct MountPoint {
    InodeRef directory;
    std::string name;
    FileType type;
  };
  std::vector<MountPoint> mount_points(const Mount& mount) const;

  struct MountInfo {
    std::string source, path, type, options;
  };
  std::vector<MountInfo> mounts() const;  // for /proc/self/mounts

 private:
  struct State;
  Mount* mounted_at(const Mount* mount, const Inode* directory, std::string_view name) const;
  std::unique_ptr<State> state_;
  NameObserver* observer_ = nullptr;
};

}  // namespace cloche::vfs
