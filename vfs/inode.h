// What a file system is made of: inodes that answer questions, and open files on them.
//
// An Inode is one file, directory, symlink or special file of one file system. A directory inode
// *is* the authority over what is below it: there is no global root and no path string in this
// interface except single names. Path walking, mounts and permissions stand above (vfs/walk.h,
// vfs/ops.h); inodes themselves check no permissions, except that a read-only file system refuses
// changes. Nothing here blocks except host mounts, whose host calls are synchronous.
//
// Identity: as long as anyone holds an Inode, its file system gives the same object for the same
// file. So `a == b` on InodeRefs means "the same file", and the kernel may attach state to an
// inode.
//
// Thread class: a file system and its inodes belong to one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "abi/errno.h"
#include "base/ref.h"

namespace cloche::vfs {

using abi::Errno;
using abi::SysResult;

enum class FileType : uint8_t {
  kRegular,
  kDirectory,
  kSymlink,
  kCharDevice,
  kFifo,
  kSocket,
  kBlockDevice,  // only ever seen on host mounts; never opens
};

struct Timespec {
  int64_t seconds = 0;
  int32_t nanoseconds = 0;
};

// Who asks. There is no root: uid 0 has no privilege.
struct Credentials {
  uint32_t uid = 1000, gid = 1000;
  std::vector<uint32_t> groups;
};

enum Access : uint32_t { kExecute = 1, kWrite = 2, kRead = 4 };

// What stat(2) tells. `dev` is filled by the file system, `ino` is unique in it.
struct Stat {
  uint64_t dev = 0, ino = 0;
  FileType type = FileType::kRegular;
  uint32_t mode = 0;  // permission bits, 07777
  uint32_t nlink = 1;
  uint32_t uid = 0, gid = 0;
  uint64_t rdev = 0;  // (major << 8) | minor, for devices
  uint64_t size = 0;
  uint64_t blocks = 0;  // of 512 bytes
  uint32_t block_size = 4096;
  Timespec atime, mtime, ctime, btime;
};

// What to change; an absent part stays.
struct SetAttr {
  bool set_mode = false, set_uid = false, set_gid = false, set_atime = false, set_mtime = false;
  uint32_t mode = 0, uid = 0, gid = 0;
  Timespec atime, mtime;
};

struct StatFs {
  uint32_t type = 0;  // the magic number of statfs(2)
  uint64_t block_size = 4096, blocks = 0, blocks_free = 0, files = 0, files_free = 0;
  bool read_only = false;
};

struct DirEntry {
  std::string_view name;  // valid only during the call that passes the entry
  uint64_t ino = 0;
  FileType type = FileType::kRegular;
  uint64_t next = 0;  // cookie to continue after this entry: not 0, else opaque
};

struct CreateAttr {
  uint32_t mode = 0;  // after umask
  uint32_t uid = 0, gid = 0;
};

class Inode;
struct Location;
struct Created;
using InodeRef = Ref<Inode>;

enum class AllocateMode : uint8_t { kExtend, kKeepSize, kPunchHole, kZeroRange };

// Byte access to a regular file (or a text file of /proc). Offsets are absolute; the file position
// is kept above. Short counts only at the end of the file or of space: a write that fits in part
// returns the part, and one that fits not at all the error. A body keeps its file alive: it works
// on after unlink.
class FileBody {
 public:
  virtual ~FileBody() = default;
  virtual SysResult<uint64_t> read_at(uint64_t offset, std::span<uint8_t> out) = 0;
  virtual SysResult<uint64_t> write_at(uint64_t offset, std::span<const uint8_t> in);  // EBADF
  // Atomically at the end (O_APPEND): returns {bytes written, new end}.
  struct Appended {
    uint64_t written, end;
  };
  virtual SysResult<Appended> append(std::span<const uint8_t> in);  // EBADF
  virtual SysResult<Unit> sync() { return Unit{}; }
  // Next offset >= `offset` that holds data, or a hole (SEEK_DATA, SEEK_HOLE); ENXIO at or past the
  // end. Default: one extent.
  virtual SysResult<uint64_t> seek_data(uint64_t offset);
  virtual SysResult<uint64_t> seek_hole(uint64_t offset);
  virtual SysResult<uint64_t> size() = 0;
  virtual SysResult<Unit> truncate(uint64_t size);  // ftruncate: EINVAL unless open for writing
  // fallocate(2): EOPNOTSUPP. kPunchHole keeps the size.
  virtual SysResult<Unit> allocate(AllocateMode mode, uint64_t offset, uint64_t length);
};

enum class OpenAccess : uint8_t { kRead = 1, kWrite = 2, kReadWrite = 3 };

// Defaults answer what Linux answers for an object of the wrong kind.
class Inode : public RefCounted {
 public:
  virtual FileType type() const = 0;
  virtual SysResult<Stat> stat() = 0;
  virtual SysResult<Unit> set_attr(const SetAttr& change);  // EPERM
  virtual SysResult<StatFs> statfs() = 0;
  virtual bool read_only() const { return false; }  // the file system is: changes give EROFS
  // Equal and not null: the same file system (needed by link and rename, else EXDEV).
  virtual const void* file_system() const { return nullptr; }
  // May `who` do all of `access` (bits of Access)? EACCES. By default what the mode bits of stat()
  // say; does not look at read_only().
  virtual SysResult<Unit> check_access(const Credentials& who, uint32_t access);

  // --- directories. Names are single components, 1..255 bytes, no '/', no NUL, never "." or "..".
  // In a removed directory all of them give ENOENT.
  virtual SysResult<InodeRef> lookup(std::string_view name);                          // ENOENT
  virtual SysResult<InodeRef> create(std::string_view name, const CreateAttr& attr);  // EEXIST
  // The same, opened by the making itself: `attr.mode` and what others do to the name meanwhile
  // have no say in what this body may do.
  virtual SysResult<Created> create_open(std::string_view name, const CreateAttr& attr,
                                         OpenAccess access);
  virtual SysResult<InodeRef> mkdir(std::string_view name, const CreateAttr& attr);
  virtual SysResult<InodeRef> symlink(std::string_view name, std::string_view target,
                                      const CreateAttr& attr);
  // FIFO, socket; never a device (EPERM).
  virtual SysResult<InodeRef> mknod(std::string_view name, FileType type, const CreateAttr& attr);
  // A regular file without a name (O_TMPFILE); link() may give it one. EOPNOTSUPP
  virtual SysResult<InodeRef> create_unnamed(const CreateAttr& attr);
  virtual SysResult<Unit> link(std::string_view name, const InodeRef& target);  // EXDEV, EPERM
  virtual SysResult<Unit> unlink(std::string_view name);  // EISDIR for a directory
  virtual SysResult<Unit> rmdir(std::string_view name);   // ENOTEMPTY
  enum RenameFlags : uint32_t { kNoReplace = 1, kExchange = 2 };
  // This directory's `from` becomes `to` in `target` (same file system, else EXDEV).
  virtual SysResult<Unit> rename(std::string_view from, const InodeRef& target, std::string_view to,
                                 uint32_t flags);
  // Entries after `cookie` (0 = start), "." and ".." not included, until `accept` says false (that
  // entry is not consumed). Stable under changes in between: no entry twice, none that stayed lost.
  // `accept` must not change the file system.
  using AcceptEntry = bool (*)(void* env, const DirEntry& entry);
  virtual SysResult<Unit> readdir(uint64_t cookie, void* env, AcceptEntry accept);
  // Where a directory hangs: the one above it, null for the root of a file system. A removed
  // directory keeps the parent it had.
  virtual InodeRef parent() { return nullptr; }
  // Its name there (once removed: the name it had); ENOENT for a root.
  virtual SysResult<std::string> name_in_parent();
  // A directory that was removed while in use.
  virtual bool removed() { return false; }

  // --- symlinks
  virtual SysResult<std::string> readlink();  // EINVAL
  // Magic links (/proc/self/fd/N, exe, cwd): where the walk goes instead of reading the link.
  // EINVAL: an ordinary symlink. Any other error ends the walk.
  virtual SysResult<Unit> magic_target(Location& target);

  // --- regular files
  virtual SysResult<std::unique_ptr<FileBody>> open(OpenAccess access);
  virtual SysResult<Unit> truncate(uint64_t size);
  // The SHA-256 of the content, when the file system knows it (the guest pack): else empty.
  virtual std::span<const uint8_t> content_hash() const { return {}; }

  // --- device nodes, FIFOs, sockets: may the kernel give them life? EACCES on host mounts; a
  // device node works only where the host made it (synthfs).
  virtual SysResult<Unit> may_open_special();

  // A place where the kernel keeps its own state for this inode (FIFO pipe, locks, sockets).
  std::unique_ptr<RefCounted, void (*)(RefCounted*)>& attachment() { return attachment_; }

 protected:
  static void drop(RefCounted* object) {
    if (object) object->unref();
  }
  std::unique_ptr<RefCounted, void (*)(RefCounted*)> attachment_{nullptr, &drop};
};

struct Created {
  InodeRef inode;
  std::unique_ptr<FileBody> body;
};

}  // namespace cloche::vfs
