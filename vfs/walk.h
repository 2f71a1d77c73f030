// Namespace and path walk: the mount table of a sandbox, and "which inode does this path name",
// exactly as path_resolution(7) and openat2(2) have it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vfs/inode.h"

namespace cloche::vfs {

inline constexpr size_t kPathMax = 4096;   // with the terminating NUL: ENAMETOOLONG from 4096 bytes on
inline constexpr size_t kNameMax = 255;
inline constexpr int kSymlinkMax = 40;     // ELOOP beyond

struct Credentials {
  uint32_t uid = 1000, gid = 1000;
  std::vector<uint32_t> groups;
};

// A mount: where it hangs and what is its root.
struct Mount;

// A directory or file as reached through a namespace: inode, mount, and the name and parent it was
// reached by (for "..", getcwd and /proc). Value type, cheap to copy.
class Location {
 public:
  InodeRef inode;
  Ref<RefCounted> node;  // opaque: owned by the namespace (mount + parent chain)
  explicit operator bool() const { return static_cast<bool>(inode); }
};

enum WalkFlags : uint32_t {
  kFollowLast = 1,     // follow a symlink in the last component
  kDirectoryOnly = 2,  // ENOTDIR unless a directory
  kNoSymlinks = 4,     // RESOLVE_NO_SYMLINKS: ELOOP
  kBeneath = 8,        // RESOLVE_BENEATH: EXDEV
  kInRoot = 16,        // RESOLVE_IN_ROOT
  kNoXdev = 32,        // RESOLVE_NO_XDEV
};

// The parent directory and last component of a path that may not exist yet.
struct ParentWalk {
  Location directory;
  std::string name;            // "." , ".." or "/" appear as they are: callers give EEXIST, EINVAL, EBUSY
  bool trailing_slash = false;
};

enum Access : uint32_t { kExecute = 1, kWrite = 2, kRead = 4 };

// Permission check by mode bits as Linux does for a non-root user (there is no root): EACCES.
SysResult<Unit> check_access(const Stat& stat, const Credentials& credentials, uint32_t access);

// One sandbox's view. Created with a root directory; mounts are added before the first process runs.
// Symlinks named in `magic` hooks (/proc/self/fd/N) are resolved by Inode::readlink unless the inode
// offers magic_target(); see synthfs.h.
class Namespace {
 public:
  static Ref<RefCounted> make_node();  // internal
  explicit Namespace(InodeRef root);
  ~Namespace();
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;

  Location root() const;

  // Hangs `root_of_mount` at `path`, an existing directory (or file, for a file). EBUSY for a mount
  // over a mount, ENOENT, ENOTDIR.
  SysResult<Unit> mount(std::string_view path, InodeRef root_of_mount, std::string source,
                        std::string type, std::string options);

  SysResult<Location> walk(const Location& base, std::string_view path, const Credentials& who,
                           uint32_t flags) const;
  SysResult<ParentWalk> walk_parent(const Location& base, std::string_view path,
                                    const Credentials& who, uint32_t flags) const;
  // The child `name` of `directory` after it was created or opened there (crosses mounts, does not
  // follow symlinks).
  SysResult<Location> child(const Location& directory, std::string_view name) const;

  // Absolute path of a location, or "(unreachable)/…" when it was removed.
  SysResult<std::string> path_of(const Location& location) const;
  // Is `directory` still linked below the root? (getcwd: ENOENT)
  bool reachable(const Location& location) const;
  bool same_mount(const Location& a, const Location& b) const;
  bool is_mount_point(const Location& directory, std::string_view name) const;

  struct MountInfo {
    std::string source, path, type, options;
  };
  std::vector<MountInfo> mounts() const;  // for /proc/self/mounts

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cloche::vfs
