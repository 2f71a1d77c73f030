// What the path calls do to a namespace, with the checks and the order of checks that Linux has
// (fs/namei.c): permissions, sticky directories, mount points, read-only mounts, trailing slashes.
//
// The kernel's system calls are thin over these. `base` is the directory that relative paths start
// at; `path` is copied out of the guest already. Every function changes nothing when it fails.
//
// Thread class: that of the namespace.
#pragma once

#include "vfs/walk.h"

namespace cloche::vfs {

// One path argument of a system call.
struct PathArg {
  const Location& base;
  std::string_view path;
  uint32_t walk_flags = 0;  // kFollowLast where the call follows, kBeneath.. from openat2
};

struct OpenRequest {
  bool read = false, write = false;  // both may be false: O_PATH, and access mode 3
  bool create = false, exclusive = false, truncate = false, directory = false, no_follow = false;
  bool path_only = false;    // O_PATH: no permission on the file itself, symlinks allowed
  bool unnamed = false;      // O_TMPFILE
  bool for_execute = false;  // execve: regular file with kExecute, else EACCES
  uint32_t mode = 0;         // of a new file, after umask
};
struct Opened {
  Location location;
  // Of a file that this call created: open already, whatever its mode. Null for one that was there.
  std::unique_ptr<FileBody> body;
};
// Finds or creates, checks, truncates. Where there is no body yet, the caller uses Inode::open
// (regular files) or its own object (directories, devices, FIFOs). Errors as open(2).
SysResult<Opened> open(const Namespace& space, const PathArg& at, const Credentials& who,
                       const OpenRequest& request);

// mkdir(2), mknod(2), symlink(2), link(2), unlink(2), rmdir(2), rename(2).
SysResult<Location> make_directory(const Namespace& space, const PathArg& at,
                                   const Credentials& who, uint32_t mode);
SysResult<Location> make_node(const Namespace& space, const PathArg& at, const Credentials& who,
                              FileType type, uint32_t mode);  // regular, FIFO, socket; else EPERM
SysResult<Unit> make_symlink(const Namespace& space, const PathArg& at, const Credentials& who,
                             std::string_view target);
SysResult<Unit> make_link(const Namespace& space, const Location& existing, const PathArg& at,
                          const Credentials& who);
SysResult<Unit> remove_file(const Namespace& space, const PathArg& at, const Credentials& who);
SysResult<Unit> remove_directory(const Namespace& space, const PathArg& at, const Credentials& who);
SysResult<Unit> rename(const Namespace& space, const PathArg& from, const PathArg& to,
                       const Credentials& who, uint32_t flags);  // Inode::RenameFlags

// chmod(2), chown(2), utimensat(2) on a found file. EPERM unless the owner; EROFS. Changing the
// owner is EPERM, the group must be one of the caller's. With kNow (UTIME_NOW twice, or NULL) write
// permission is enough for the times (EACCES).
enum class TimesChange : uint8_t { kExplicit, kNow };
SysResult<Unit> change_attr(Inode& inode, const Credentials& who, const SetAttr& change,
                            TimesChange times = TimesChange::kExplicit);
// truncate(2) of a found file. EISDIR, EINVAL for special files, EACCES, EROFS, EFBIG.
SysResult<Unit> truncate(Inode& inode, const Credentials& who, uint64_t size);
// access(2): kRead, kWrite, kExecute, or 0 for existence.
SysResult<Unit> access(Inode& inode, const Credentials& who, uint32_t bits);

}  // namespace cloche::vfs
