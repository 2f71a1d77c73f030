#include "vfs/host_calls.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

namespace cloche::vfs::host {

namespace {

constexpr uint64_t kResolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS;
// RESOLVE_BENEATH may answer EAGAIN while something is renamed nearby.
constexpr int kAttempts = 16;

Errno last_error() { return abi::from_host_errno(errno); }

// A single name with its NUL, or "." itself.
class Name {
 public:
  explicit Name(std::string_view name) {
    valid_ = !name.empty() && name.size() < sizeof text_ && name != ".." &&
             name.find('/') == name.npos && name.find('\0') == name.npos;
    if (!valid_) name = "";
    memcpy(text_, name.data(), name.size());
    text_[name.size()] = 0;
  }
  bool valid() const { return valid_; }
  const char* c_str() const { return text_; }

 private:
  bool valid_;
  char text_[256];
};

SysResult<Fd> open_beneath(int folder, std::string_view name, uint64_t flags, uint64_t mode) {
  Name checked(name);
  if (!checked.valid()) return Errno::kINVAL;
  open_how how{};
  how.flags = flags | O_CLOEXEC | O_NOFOLLOW;
  how.mode = mode;
  how.resolve = kResolve;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    long fd = syscall(SYS_openat2, folder, checked.c_str(), &how, sizeof how);
    if (fd >= 0) return Fd(static_cast<int>(fd));
    if (errno != EAGAIN && errno != EINTR) break;
  }
  return last_error();
}

SysResult<Unit> answer(int result) {
  if (result < 0) return last_error();
  return Unit{};
}

FileType type_of(uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return FileType::kDirectory;
    case S_IFLNK:
      return FileType::kSymlink;
    case S_IFCHR:
      return FileType::kCharDevice;
    case S_IFBLK:
      return FileType::kBlockDevice;
    case S_IFIFO:
      return FileType::kFifo;
    case S_IFSOCK:
      return FileType::kSocket;
    default:
      return FileType::kRegular;
  }
}

FileType type_of_entry(unsigned char d_type) {
  return type_of(static_cast<uint32_t>(d_type) << 12);
}

// /proc/self/fd/N names exactly the file that our own descriptor is; nothing of the guest is in it.
struct OwnDescriptor {
  char path[32];
  explicit OwnDescriptor(int fd) { snprintf(path, sizeof path, "/proc/self/fd/%d", fd); }
};

Timespec time_of(const statx_timestamp& time) {
  return Timespec{time.tv_sec, static_cast<int32_t>(time.tv_nsec)};
}

}  // namespace

bool openat2_works(int folder) { return open_beneath(folder, ".", O_PATH, 0).ok(); }

SysResult<Fd> open_handle(int folder, std::string_view name) {
  return open_beneath(folder, name, O_PATH, 0);
}

SysResult<Fd> open_real(int folder, std::string_view name, int flags) {
  // O_NONBLOCK: should the name have become a FIFO meanwhile, nothing waits.
  return open_beneath(folder, name, static_cast<uint64_t>(flags | O_NONBLOCK | O_NOCTTY), 0);
}

SysResult<Fd> open_again(int handle, int flags) {
  int fd = ::open(OwnDescriptor(handle).path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return last_error();
  return Fd(fd);
}

SysResult<Fd> create_file(int folder, std::string_view name, uint32_t mode) {
  Fd fd = TRY(open_beneath(folder, name, O_RDWR | O_CREAT | O_EXCL, mode & 0777));
  struct stat s;
  if (fstat(fd.get(), &s) == 0 && (s.st_mode & 07777) != (mode & 0777)) {
    // A file system without permissions may refuse; the file is made all the same.
    (void)fchmod(fd.get(), mode & 0777);
  }
  return fd;
}

namespace {
FileStatus from_statx(const struct statx& x) {
  FileStatus result;
  result.id.dev = makedev(x.stx_dev_major, x.stx_dev_minor);
  result.id.ino = x.stx_ino;
  if (x.stx_mask & STATX_BTIME) {
    result.id.born_seconds = x.stx_btime.tv_sec;
    result.id.born_nanoseconds = x.stx_btime.tv_nsec;
  }
  Stat& stat = result.stat;
  stat.dev = result.id.dev;
  stat.ino = x.stx_ino;
  stat.type = type_of(x.stx_mode);
  stat.mode = x.stx_mode & 07777;
  stat.nlink = x.stx_nlink;
  stat.uid = x.stx_uid;
  stat.gid = x.stx_gid;
  stat.rdev = (uint64_t{x.stx_rdev_major} << 8) | (x.stx_rdev_minor & 0xff);
  stat.size = x.stx_size;
  stat.blocks = x.stx_blocks;
  stat.block_size = x.stx_blksize;
  stat.atime = time_of(x.stx_atime);
  stat.mtime = time_of(x.stx_mtime);
  stat.ctime = time_of(x.stx_ctime);
  stat.btime = x.stx_mask & STATX_BTIME ? time_of(x.stx_btime) : stat.ctime;
  return result;
}

SysResult<FileStatus> statx_at(int folder, const char* name, int flags) {
  struct statx x;
  if (statx(folder, name, flags | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
            STATX_BASIC_STATS | STATX_BTIME, &x) != 0) {
    return last_error();
  }
  return from_statx(x);
}
}  // namespace

SysResult<FileStatus> status(int handle) { return statx_at(handle, "", AT_EMPTY_PATH); }

SysResult<FileStatus> status_of(int folder, std::string_view name) {
  Name checked(name);
  if (!checked.valid()) return Errno::kINVAL;
  return statx_at(folder, checked.c_str(), 0);
}

SysResult<StatFs> file_system_status(int handle) {
  struct statfs s;
  if (fstatfs(handle, &s) != 0) return last_error();
  StatFs result;
  result.type = static_cast<uint32_t>(s.f_type);
  result.block_size = static_cast<uint64_t>(s.f_bsize);
  result.blocks = s.f_blocks;
  result.blocks_free = s.f_bavail;
  result.files = s.f_files;
  result.files_free = s.f_ffree;
  return result;
}

SysResult<Unit> access(int handle, uint32_t bits) {
  int mode = 0;
  if (bits & kRead) mode |= R_OK;
  if (bits & kWrite) mode |= W_OK;
  if (bits & kExecute) mode |= X_OK;
  // The raw call: libc's faccessat emulates AT_EACCESS where it does not know better.
  long result = syscall(SYS_faccessat2, handle, "", mode, AT_EACCESS | AT_EMPTY_PATH);
  return answer(static_cast<int>(result));
}

namespace {
SysResult<std::string> readlink_at(int folder, const char* name) {
  char text[4096];
  ssize_t count = readlinkat(folder, name, text, sizeof text);
  if (count < 0) return last_error();
  if (count == sizeof text) return Errno::kNAMETOOLONG;
  return std::string(text, static_cast<size_t>(count));
}
}  // namespace

SysResult<std::string> read_link(int handle) { return readlink_at(handle, ""); }

SysResult<std::string> read_link_of(int folder, std::string_view name) {
  Name checked(name);
  if (!checked.valid()) return Errno::kINVAL;
  return readlink_at(folder, checked.c_str());
}

SysResult<Unit> change_mode(int handle, uint32_t mode) {
  long result = syscall(SYS_fchmodat2, handle, "", mode, AT_EMPTY_PATH);
  if (result < 0 && (errno == ENOSYS || errno == EPERM)) {
    // Kernels before 6.6, and seccomp filters that do not know the call.
    result = chmod(OwnDescriptor(handle).path, mode);
  }
  return answer(static_cast<int>(result));
}

SysResult<Unit> change_times(int handle, const Timespec* atime, const Timespec* mtime) {
  timespec times[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};
  if (atime) times[0] = {static_cast<time_t>(atime->seconds), atime->nanoseconds};
  if (mtime) times[1] = {static_cast<time_t>(mtime->seconds), mtime->nanoseconds};
  return answer(utimensat(handle, "", times, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW));
}

SysResult<Unit> make_folder(int folder, std::string_view name, uint32_t mode) {
  Name checked(name);
  if (!checked.valid()) return Errno::kINVAL;
  return answer(mkdirat(folder, checked.c_str(), mode & 01777));
}

SysResult<Unit> make_symlink(int folder, std::string_view name, std::string_view target) {
  Name checked(name);
  if (!checked.valid()) return Errno::kINVAL;
  return answer(symlinkat(std::string(target).c_str(), folder, checked.c_str()));
}

SysResult<Unit> make_link(int from_folder, std::string_view from, int folder,
                          std::string_view name) {
  Name source(from), checked(name);
  if (!source.valid() || !checked.valid()) return Errno::kINVAL;
  return answer(linkat(from_folder, source.c_str(), folder, checked.c_str(), 0));
}

SysResult<Unit> remove(int folder, std::string_view name, Kind kind) {
  Name checked(name);
  if (!checked.valid()) return Errno::kINVAL;
  return answer(unlinkat(folder, checked.c_str(), kind == Kind::kFolder ? AT_REMOVEDIR : 0));
}

SysResult<Unit> rename(int from_folder, std::string_view from, int to_folder, std::string_view to,
                       uint32_t flags) {
  Name source(from), target(to);
  if (!source.valid() || !target.valid()) return Errno::kINVAL;
  unsigned host_flags = 0;
  if (flags & Inode::kNoReplace) host_flags |= RENAME_NOREPLACE;
  if (flags & Inode::kExchange) host_flags |= RENAME_EXCHANGE;
  return answer(renameat2(from_folder, source.c_str(), to_folder, target.c_str(), host_flags));
}

namespace {
// getdents64's records, which <dirent.h> describes for readdir only.
struct Record {
  uint64_t ino;
  int64_t next;
  unsigned short size;
  unsigned char type;
  char name[];
};

FileType entry_type(int folder, const Record& record) {
  if (record.type != DT_UNKNOWN) return type_of_entry(record.type);
  struct stat s;
  if (fstatat(folder, record.name, &s, AT_SYMLINK_NOFOLLOW) != 0) return FileType::kRegular;
  return type_of(s.st_mode);
}
}  // namespace

SysResult<Unit> read_folder(int folder, uint64_t cookie, void* env, Inode::AcceptEntry accept) {
  if (lseek(folder, static_cast<off_t>(cookie), SEEK_SET) < 0) return last_error();
  alignas(Record) std::array<char, 16384> buffer;
  for (;;) {
    long count = syscall(SYS_getdents64, folder, buffer.data(), buffer.size());
    if (count < 0) return last_error();
    if (count == 0) return Unit{};
    for (long at = 0; at < count;) {
      const auto& record = *reinterpret_cast<const Record*>(buffer.data() + at);
      at += record.size;
      std::string_view name = record.name;
      if (name == "." || name == ".." || name.empty() || name.size() > 255) continue;
      DirEntry entry{name, record.ino, entry_type(folder, record),
                     static_cast<uint64_t>(record.next)};
      if (!accept(env, entry)) return Unit{};
    }
  }
}

}  // namespace cloche::vfs::host
