// openat(2), openat2(2), memfd_create(2).
#include "kernel/open.h"

#include <algorithm>

#include "kernel/fifo.h"
#include "kernel/io_state.h"
#include "kernel/kernel.h"
#include "kernel/notify.h"
#include "kernel/regular_file.h"
#include "kernel/syscalls/handlers.h"
#include "kernel/syscalls/paths.h"

namespace cloche::kernel {
namespace {

constexpr uint32_t kPathFlags = kPath | kDirectory | kNoFollow | kCloseOnExec;
constexpr uint32_t kTmpFileOnly = kTmpFile & ~uint32_t{kDirectory};

// EINVAL: combinations that mean nothing.
SysResult<vfs::OpenRequest> open_request(const Process& process, uint32_t flags, uint32_t mode) {
  vfs::OpenRequest request;
  const uint32_t access = flags & kAccessMode;
  request.path_only = (flags & kPath) != 0;
  request.directory = (flags & kDirectory) != 0;
  request.no_follow = (flags & kNoFollow) != 0;
  if (request.path_only) return request;
  request.read = access != kWriteOnly;
  request.write = access != kReadOnly;
  request.create = (flags & kCreate) != 0;
  request.exclusive = (flags & kExclusive) != 0;
  request.truncate = (flags & kTruncate) != 0;
  request.mode = mode & ~process.umask & 07777;
  if (flags & kTmpFileOnly) {
    if ((flags & kDirectory) == 0 || !request.write || request.create) return Errno::kINVAL;
    request.unnamed = true;
    request.directory = false;
  } else if (request.create && request.directory) {
    return Errno::kINVAL;
  }
  return request;
}

SysResult<int32_t> open_path(Call& call, const PathFrom& from, uint32_t flags, uint32_t mode,
                             uint32_t walk_flags) {
  Process& process = call.process();
  if (flags & kPath) flags &= kPathFlags;
  const vfs::OpenRequest request = TRY(open_request(process, flags, mode));
  TRY(process.fds->check_room(1, descriptor_limit(process)));
  vfs::Opened opened =
      TRY(vfs::open(call.kernel().names(), from.arg(walk_flags), process.credentials, request));
  const bool emptied = request.truncate && !opened.body;
  FileRef file = TRY(open_location(call, std::move(opened), flags));
  if (emptied && file->kind() == FileKind::kRegular) notify_file(file->location(), kNotifyModify);
  return install(call, std::move(file), flags);
}

// A FIFO that waited for its other end is the only thing an open holds.
SysResult<int32_t> finish_fifo(Call& call, uint32_t flags) {
  FileRef file = TRY(resume_open_fifo(call));
  return install(call, std::move(file), flags);
}

// struct open_how.
struct OpenHow {
  uint64_t flags, mode, resolve;
};

SysResult<uint32_t> walk_flags_of(uint64_t resolve) {
  enum : uint64_t {
    kNoXdev = 1,
    kNoMagicLinks = 2,
    kNoSymlinks = 4,
    kBeneath = 8,
    kInRoot = 16,
    kCached = 32,
  };
  if (resolve & ~uint64_t{63}) return Errno::kINVAL;
  if ((resolve & kBeneath) && (resolve & kInRoot)) return Errno::kINVAL;
  if (resolve & kCached) return Errno::kAGAIN;
  uint32_t flags = 0;
  if (resolve & kNoXdev) flags |= vfs::kNoXdev;
  if (resolve & kNoMagicLinks) flags |= vfs::kNoMagicLinks;
  if (resolve & kNoSymlinks) flags |= vfs::kNoSymlinks;
  if (resolve & kBeneath) flags |= vfs::kBeneath;
  if (resolve & kInRoot) flags |= vfs::kInRoot;
  return flags;
}

SysResult<OpenHow> read_how(Call& call, UserPtr how_at, uint32_t size) {
  constexpr uint32_t kPage = 4096;
  if (size < sizeof(OpenHow)) return Errno::kINVAL;
  if (size > kPage) return Errno::k2BIG;
  const auto bytes = TRY(call.bytes_in(how_at, size));
  const auto rest = bytes.subspan(sizeof(OpenHow));
  if (std::any_of(rest.begin(), rest.end(), [](uint8_t byte) { return byte != 0; }))
    return Errno::k2BIG;
  OpenHow how;
  std::memcpy(&how, bytes.data(), sizeof how);
  constexpr uint64_t kKnown = kAccessMode | kCreate | kExclusive | kNoCtty | kTruncate | kAppend |
                              kNonBlock | kDsync | 04000000 | kAsync | kDirect | kLargeFile |
                              kTmpFile | kNoFollow | kNoAtime | kCloseOnExec | kPath;
  if ((how.flags & ~kKnown) || (how.mode & ~uint64_t{07777})) return Errno::kINVAL;
  const bool creates = (how.flags & kCreate) || (how.flags & kTmpFileOnly);
  if (how.mode != 0 && !creates) return Errno::kINVAL;
  if ((how.flags & kPath) && (how.flags & ~uint64_t{kPathFlags | kLargeFile})) return Errno::kINVAL;
  return how;
}

}  // namespace

SysResult<int32_t> sys_openat(Call& call, Fd directory, UserPath path, uint32_t flags,
                              uint32_t mode) {
  if (call.scratch().object) return finish_fifo(call, flags);
  const PathFrom from = TRY(path_from(call, directory, path));
  return open_path(call, from, flags, mode, 0);
}

SysResult<int32_t> sys_openat2(Call& call, Fd directory, UserPath path, UserPtr how_at,
                               uint32_t size) {
  const OpenHow how = TRY(read_how(call, how_at, size));
  const auto flags = static_cast<uint32_t>(how.flags);
  if (call.scratch().object) return finish_fifo(call, flags);
  const uint32_t walk_flags = TRY(walk_flags_of(how.resolve));
  PathFrom from = TRY(path_from(call, directory, path));
  // The directory is the root of what it names: absolute paths start there too, or are refused.
  if (walk_flags & (vfs::kInRoot | vfs::kBeneath)) from.base = TRY(base_directory(call, directory));
  return open_path(call, from, flags, static_cast<uint32_t>(how.mode), walk_flags);
}

SysResult<int32_t> sys_memfd_create(Call& call, UserString name_at, uint32_t flags) {
  enum : uint32_t { kClose = 1, kSealing = 2, kNoExec = 8, kExec = 16 };
  constexpr uint32_t kMaxName = 250;  // with the NUL
  if (flags & ~uint32_t{kClose | kSealing | kNoExec | kExec}) return Errno::kINVAL;
  const std::string name = TRY(call.string(name_at, kMaxName, Errno::kINVAL));
  Process& process = call.process();
  TRY(process.fds->check_room(1, descriptor_limit(process)));
  vfs::Location location;
  location.inode = TRY(call.kernel().io().make_memory_file(process.credentials));
  auto body = TRY(location.inode->open(vfs::OpenAccess::kReadWrite));
  auto file = make_ref<RegularFile>(std::move(location), std::move(body), kReadWrite, nullptr,
                                    "/memfd:" + name + " (deleted)");
  return install(call, file, (flags & kClose) ? uint32_t{kCloseOnExec} : 0);
}

}  // namespace cloche::kernel
