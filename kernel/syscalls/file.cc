// Names and positions: making, linking, renaming and removing files, the current directory,
// seeking, listing, sizes, copying. Opening is in open.cc, what stat(2) tells and changes in
// attributes.cc.
#include <algorithm>
#include <vector>

#include "kernel/directory_file.h"
#include "kernel/kernel.h"
#include "kernel/notify.h"
#include "kernel/open.h"
#include "kernel/regular_file.h"
#include "kernel/syscalls/handlers.h"
#include "kernel/syscalls/paths.h"

namespace cloche::kernel {
namespace {

constexpr uint64_t kMaxOffset = INT64_MAX;

enum ModeType : uint32_t {
  kTypeMask = 0170000,
  kTypeFifo = 0010000,
  kTypeCharacter = 0020000,
  kTypeDirectory = 0040000,
  kTypeBlock = 0060000,
  kTypeRegular = 0100000,
  kTypeSocket = 0140000,
};

uint32_t new_mode(const Process& process, uint32_t mode) { return mode & 07777 & ~process.umask; }

}  // namespace

// --- names

SysResult<int32_t> sys_mkdirat(Call& call, Fd directory, UserPath path, uint32_t mode) {
  const PathFrom from = TRY(path_from(call, directory, path));
  const Process& process = call.process();
  TRY(vfs::make_directory(call.kernel().names(), from.arg(), process.credentials,
                          new_mode(process, mode & 01777)));
  return 0;
}

SysResult<int32_t> sys_mknodat(Call& call, Fd directory, UserPath path, uint32_t mode, uint32_t) {
  vfs::FileType type = vfs::FileType::kRegular;
  switch (mode & kTypeMask) {
    case 0:
    case kTypeRegular:
      break;
    case kTypeFifo:
      type = vfs::FileType::kFifo;
      break;
    case kTypeSocket:
      type = vfs::FileType::kSocket;
      break;
    case kTypeCharacter:
    case kTypeBlock:
    case kTypeDirectory:
      return Errno::kPERM;
    default:
      return Errno::kINVAL;
  }
  const PathFrom from = TRY(path_from(call, directory, path));
  const Process& process = call.process();
  TRY(vfs::make_node(call.kernel().names(), from.arg(), process.credentials, type,
                     new_mode(process, mode)));
  return 0;
}

SysResult<int32_t> sys_unlinkat(Call& call, Fd directory, UserPath path, uint32_t flags) {
  if (flags & ~uint32_t{kAtRemoveDir}) return Errno::kINVAL;
  const PathFrom from = TRY(path_from(call, directory, path));
  const auto remove = (flags & kAtRemoveDir) ? vfs::remove_directory : vfs::remove_file;
  TRY(remove(call.kernel().names(), from.arg(), call.process().credentials));
  return 0;
}

SysResult<int32_t> sys_symlinkat(Call& call, UserPath target_at, Fd directory, UserPath path) {
  const std::string target = TRY(call.path(target_at));
  if (target.empty()) return Errno::kNOENT;
  const PathFrom from = TRY(path_from(call, directory, path));
  TRY(vfs::make_symlink(call.kernel().names(), from.arg(), call.process().credentials, target));
  return 0;
}

SysResult<int32_t> sys_linkat(Call& call, Fd old_directory, UserPath old_path, Fd new_directory,
                              UserPath new_path, uint32_t flags) {
  if (flags & ~uint32_t{kAtFollow | kAtEmptyPath}) return Errno::kINVAL;
  const Last last = (flags & kAtFollow) ? Last::kFollow : Last::kKeep;
  const vfs::Location existing = TRY(find_file(call, old_directory, old_path, last, flags));
  const PathFrom to = TRY(path_from(call, new_directory, new_path));
  TRY(vfs::make_link(call.kernel().names(), existing, to.arg(), call.process().credentials));
  return 0;
}

SysResult<int32_t> sys_renameat2(Call& call, Fd old_directory, UserPath old_path, Fd new_directory,
                                 UserPath new_path, uint32_t flags) {
  constexpr uint32_t kBoth = vfs::Inode::kNoReplace | vfs::Inode::kExchange;
  if ((flags & ~kBoth) || flags == kBoth) return Errno::kINVAL;
  const PathFrom from = TRY(path_from(call, old_directory, old_path));
  const PathFrom to = TRY(path_from(call, new_directory, new_path));
  TRY(vfs::rename(call.kernel().names(), from.arg(), to.arg(), call.process().credentials, flags));
  return 0;
}

SysResult<int32_t> sys_readlinkat(Call& call, Fd directory, UserPath path, UserPtr buffer,
                                  int32_t size) {
  if (size <= 0) return Errno::kINVAL;
  const vfs::Location found = TRY(find_file(call, directory, path, Last::kKeep, kAtEmptyPath));
  const std::string target = TRY(found.inode->readlink());
  const auto count = std::min<uint64_t>(target.size(), static_cast<uint64_t>(size));
  std::memcpy(TRY(call.bytes_out(buffer, count)).data(), target.data(), count);
  return static_cast<int32_t>(count);
}

// --- the current directory

SysResult<int32_t> sys_getcwd(Call& call, UserPtr buffer, uint32_t size) {
  const std::string path = TRY(call.kernel().names().current_path(call.process().cwd));
  const uint64_t needed = path.size() + 1;
  if (size < needed) return Errno::kRANGE;
  std::memcpy(TRY(call.bytes_out(buffer, needed)).data(), path.c_str(), needed);
  return static_cast<int32_t>(needed);
}

namespace {

SysResult<int32_t> change_directory(Call& call, vfs::Location to) {
  if (to.inode->type() != vfs::FileType::kDirectory) return Errno::kNOTDIR;
  TRY(vfs::may_access(*to.inode, call.process().credentials, vfs::kExecute));
  call.process().cwd = std::move(to);
  return 0;
}

}  // namespace

SysResult<int32_t> sys_chdir(Call& call, UserPath path) {
  return change_directory(call, TRY(find_file(call, kAtCwd, path, Last::kFollow)));
}

SysResult<int32_t> sys_fchdir(Call& call, Fd fd) {
  const FileRef file = TRY(call.process().fds->get_any(fd));
  if (!file->location()) return Errno::kNOTDIR;
  return change_directory(call, file->location());
}

SysResult<int32_t> sys_chroot(Call& call, UserPath path) {
  TRY(find_file(call, kAtCwd, path, Last::kFollow));
  return Errno::kPERM;
}

SysResult<int32_t> sys_umask(Call& call, uint32_t mask) {
  return static_cast<int32_t>(std::exchange(call.process().umask, mask & 0777));
}

// --- positions and lists

SysResult<int32_t> sys__llseek(Call& call, Fd fd, uint32_t high, uint32_t low, UserPtr result_at,
                               uint32_t whence) {
  const FileRef file = TRY(call.process().fds->get(fd));
  constexpr uint32_t kLastWhence = 4;
  if (whence > kLastWhence) return Errno::kINVAL;
  const auto offset = static_cast<int64_t>((uint64_t{high} << 32) | low);
  TRY(call.bytes_out(result_at, sizeof(uint64_t)));
  const uint64_t position = TRY(file->seek(offset, whence));
  TRY(call.put(result_at, position));
  return 0;
}

SysResult<uint64_t> sys_getdents64(Call& call, Fd fd, UserPtr buffer, uint32_t size) {
  const FileRef file = TRY(call.process().fds->get(fd));
  if (file->kind() != FileKind::kDirectory) return Errno::kNOTDIR;
  const auto out = TRY(call.bytes_out(buffer, std::min<uint32_t>(size, INT32_MAX)));
  const uint64_t count = TRY(static_cast<DirectoryFile&>(*file).list(out));
  notify_file(file->location(), kNotifyAccess);
  return count;
}

// --- sizes

namespace {

// EINVAL, EFBIG with SIGXFSZ.
SysResult<uint64_t> new_size(Call& call, int64_t size) {
  if (size < 0) return Errno::kINVAL;
  const auto wanted = static_cast<uint64_t>(size);
  if (wanted > call.process().limits[kLimitFileSize].soft)
    return within_file_limit(call, wanted, 1);
  return wanted;
}

}  // namespace

SysResult<int32_t> sys_truncate64(Call& call, UserPath path, int64_t size) {
  const uint64_t wanted = TRY(new_size(call, size));
  const vfs::Location found = TRY(find_file(call, kAtCwd, path, Last::kFollow));
  TRY(vfs::truncate(*found.inode, call.process().credentials, wanted));
  notify_file(found, kNotifyModify);
  return 0;
}

SysResult<int32_t> sys_ftruncate64(Call& call, Fd fd, int64_t size) {
  const FileRef file = TRY(call.process().fds->get(fd));
  const uint64_t wanted = TRY(new_size(call, size));
  TRY(file->truncate(wanted));
  return 0;
}

SysResult<int32_t> sys_fallocate(Call& call, Fd fd, uint32_t mode, int64_t offset, int64_t length) {
  enum : uint32_t { kKeepSize = 1, kPunchHole = 2, kZeroRange = 16 };
  const FileRef file = TRY(call.process().fds->get(fd));
  if (offset < 0 || length <= 0) return Errno::kINVAL;
  if (mode & ~uint32_t{kKeepSize | kPunchHole | kZeroRange}) return Errno::kOPNOTSUPP;
  vfs::AllocateMode wanted = vfs::AllocateMode::kExtend;
  switch (mode) {
    case 0:
      break;
    case kKeepSize:
      wanted = vfs::AllocateMode::kKeepSize;
      break;
    case kPunchHole | kKeepSize:
      wanted = vfs::AllocateMode::kPunchHole;
      break;
    case kZeroRange:
      wanted = vfs::AllocateMode::kZeroRange;
      break;
    default:
      return Errno::kOPNOTSUPP;
  }
  if (!file->writable()) return Errno::kBADF;
  if (file->kind() == FileKind::kPipe) return Errno::kSPIPE;
  if (file->kind() == FileKind::kDirectory) return Errno::kISDIR;
  if (file->kind() != FileKind::kRegular) return Errno::kNODEV;
  if (offset > INT64_MAX - length) return Errno::kFBIG;
  if (mode == 0 || mode == kZeroRange) TRY(new_size(call, offset + length));
  TRY(static_cast<RegularFile&>(*file).allocate(wanted, static_cast<uint64_t>(offset),
                                                static_cast<uint64_t>(length)));
  return 0;
}

// --- copying

namespace {

constexpr uint64_t kCopyChunk = 65536;
constexpr uint64_t kCopyLimit = 4 << 20;  // of one call: callers go on, and others get their turn

struct CopyEnd {
  RegularFile& file;
  UserPtr offset_at;  // null: the file's own position
  uint64_t offset = 0;

  SysResult<Unit> load(Call& call) {
    offset = offset_at ? TRY(call.get<uint64_t>(offset_at)) : file.position();
    if (offset > kMaxOffset) return Errno::kINVAL;
    return Unit{};
  }
  SysResult<Unit> store(Call& call) {
    if (offset_at) return call.put(offset_at, offset);
    file.set_position(offset);
    return Unit{};
  }
};

SysResult<uint64_t> copy_bytes(Call& call, CopyEnd& from, CopyEnd& to, uint64_t wanted) {
  std::vector<uint8_t> buffer(std::min(wanted, kCopyChunk));
  uint64_t done = 0;
  while (done < wanted) {
    const auto chunk = std::span(buffer).first(std::min(wanted - done, kCopyChunk));
    const auto got = from.file.read_at(call, from.offset, chunk);
    if (!got.ok() && done == 0) return got.error();
    if (!got.ok() || *got == 0) break;
    const auto put = to.file.write_at(call, to.offset, chunk.first(*got));
    if (!put.ok() && done == 0) return put.error();
    if (!put.ok()) break;
    done += *put;
    from.offset += *put;
    to.offset += *put;
    if (*put < *got) break;
  }
  return done;
}

}  // namespace

SysResult<uint64_t> sys_copy_file_range(Call& call, Fd in_fd, UserPtr in_offset, Fd out_fd,
                                        UserPtr out_offset, uint32_t length, uint32_t flags) {
  const FileRef in = TRY(call.process().fds->get(in_fd));
  const FileRef out = TRY(call.process().fds->get(out_fd));
  if (in->kind() == FileKind::kDirectory || out->kind() == FileKind::kDirectory)
    return Errno::kISDIR;
  if (flags != 0) return Errno::kINVAL;
  if (in->kind() != FileKind::kRegular || out->kind() != FileKind::kRegular) return Errno::kINVAL;
  if (!in->readable() || !out->writable() || (out->flags() & kAppend)) return Errno::kBADF;
  CopyEnd from{static_cast<RegularFile&>(*in), in_offset};
  CopyEnd to{static_cast<RegularFile&>(*out), out_offset};
  TRY(from.load(call));
  TRY(to.load(call));
  const uint64_t wanted = std::min<uint64_t>(length, kCopyLimit);
  if (in->location().inode == out->location().inode && from.offset < to.offset + wanted &&
      to.offset < from.offset + wanted)
    return Errno::kINVAL;
  const uint64_t done = TRY(copy_bytes(call, from, to, wanted));
  TRY(from.store(call));
  TRY(to.store(call));
  return done;
}

// --- to disk: all is in memory or synchronous

SysResult<int32_t> sys_sync(Call&) { return 0; }

SysResult<int32_t> sys_fsync(Call& call, Fd fd) {
  const FileRef file = TRY(call.process().fds->get(fd));
  TRY(file->sync());
  return 0;
}

SysResult<int32_t> sys_fdatasync(Call& call, Fd fd) { return sys_fsync(call, fd); }

SysResult<int32_t> sys_syncfs(Call& call, Fd fd) {
  TRY(call.process().fds->get(fd));
  return 0;
}

SysResult<int32_t> sys_sync_file_range(Call& call, Fd fd, int64_t offset, int64_t length,
                                       uint32_t flags) {
  constexpr uint32_t kKnownFlags = 7;
  const FileRef file = TRY(call.process().fds->get(fd));
  if ((flags & ~kKnownFlags) || offset < 0 || length < 0) return Errno::kINVAL;
  if (file->kind() != FileKind::kRegular && file->kind() != FileKind::kDirectory)
    return Errno::kSPIPE;
  return 0;
}

SysResult<int32_t> sys_readahead(Call& call, Fd fd, int64_t, uint32_t) {
  const FileRef file = TRY(call.process().fds->get(fd));
  if (!file->readable()) return Errno::kBADF;
  return file->kind() == FileKind::kRegular ? SysResult<int32_t>(0) : Errno::kINVAL;
}

SysResult<int32_t> sys_fadvise64_64(Call& call, Fd fd, int64_t, int64_t length, uint32_t advice) {
  constexpr uint32_t kLastAdvice = 5;
  const FileRef file = TRY(call.process().fds->get(fd));
  if (file->kind() == FileKind::kPipe) return Errno::kSPIPE;
  return advice > kLastAdvice || length < 0 ? SysResult<int32_t>(Errno::kINVAL) : 0;
}

// --- extended attributes: no file system here has them

SysResult<int32_t> sys_setxattr(Call&, UserPath, UserString, UserPtr, uint32_t, uint32_t) {
  return Errno::kOPNOTSUPP;
}
SysResult<int32_t> sys_lsetxattr(Call&, UserPath, UserString, UserPtr, uint32_t, uint32_t) {
  return Errno::kOPNOTSUPP;
}
SysResult<int32_t> sys_fsetxattr(Call&, Fd, UserString, UserPtr, uint32_t, uint32_t) {
  return Errno::kOPNOTSUPP;
}
SysResult<int32_t> sys_getxattr(Call&, UserPath, UserString, UserPtr, uint32_t) {
  return Errno::kOPNOTSUPP;
}
SysResult<int32_t> sys_lgetxattr(Call&, UserPath, UserString, UserPtr, uint32_t) {
  return Errno::kOPNOTSUPP;
}
SysResult<int32_t> sys_fgetxattr(Call&, Fd, UserString, UserPtr, uint32_t) {
  return Errno::kOPNOTSUPP;
}
SysResult<int32_t> sys_listxattr(Call&, UserPath, UserPtr, uint32_t) { return Errno::kOPNOTSUPP; }
SysResult<int32_t> sys_llistxattr(Call&, UserPath, UserPtr, uint32_t) { return Errno::kOPNOTSUPP; }
SysResult<int32_t> sys_flistxattr(Call&, Fd, UserPtr, uint32_t) { return Errno::kOPNOTSUPP; }
SysResult<int32_t> sys_removexattr(Call&, UserPath, UserString) { return Errno::kOPNOTSUPP; }
SysResult<int32_t> sys_lremovexattr(Call&, UserPath, UserString) { return Errno::kOPNOTSUPP; }
SysResult<int32_t> sys_fremovexattr(Call&, Fd, UserString) { return Errno::kOPNOTSUPP; }

}  // namespace cloche::kernel
