// What stat(2) tells and what may be changed of it: statx, statfs, access, modes, owners, times.
#include <algorithm>

#include "kernel/kernel.h"
#include "kernel/notify.h"
#include "kernel/syscalls/handlers.h"
#include "kernel/syscalls/paths.h"

namespace cloche::kernel {
namespace {

// struct statx.
struct StatxTime {
  int64_t seconds;
  uint32_t nanoseconds;
  int32_t pad;
};
struct Statx {
  uint32_t mask, block_size;
  uint64_t attributes;
  uint32_t nlink, uid, gid;
  uint16_t mode, pad;
  uint64_t ino, size, blocks, attributes_mask;
  StatxTime atime, btime, ctime, mtime;
  uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
  uint64_t spare[14];
};
static_assert(sizeof(Statx) == 256);

uint32_t type_bits(vfs::FileType type) {
  switch (type) {
    case vfs::FileType::kFifo:
      return 0010000;
    case vfs::FileType::kCharDevice:
      return 0020000;
    case vfs::FileType::kDirectory:
      return 0040000;
    case vfs::FileType::kBlockDevice:
      return 0060000;
    case vfs::FileType::kRegular:
      return 0100000;
    case vfs::FileType::kSymlink:
      return 0120000;
    case vfs::FileType::kSocket:
      return 0140000;
  }
  return 0;
}

StatxTime statx_time(const vfs::Timespec& time) {
  return {time.seconds, static_cast<uint32_t>(time.nanoseconds), 0};
}

Statx to_statx(const vfs::Stat& stat) {
  constexpr uint32_t kBasicAndBirth = 0xfff;
  Statx result{};
  result.mask = kBasicAndBirth;
  result.block_size = stat.block_size;
  result.nlink = stat.nlink;
  result.uid = stat.uid;
  result.gid = stat.gid;
  result.mode = static_cast<uint16_t>(type_bits(stat.type) | (stat.mode & 07777));
  result.ino = stat.ino;
  result.size = stat.size;
  result.blocks = stat.blocks;
  result.atime = statx_time(stat.atime);
  result.btime = statx_time(stat.btime);
  result.ctime = statx_time(stat.ctime);
  result.mtime = statx_time(stat.mtime);
  result.rdev_major = static_cast<uint32_t>(stat.rdev >> 8);
  result.rdev_minor = static_cast<uint32_t>(stat.rdev & 0xff);
  result.dev_major = static_cast<uint32_t>(stat.dev >> 8);
  result.dev_minor = static_cast<uint32_t>(stat.dev & 0xff);
  return result;
}

SysResult<vfs::Stat> stat_of(Call& call, Fd directory, UserPath path, uint32_t flags) {
  if (flags & kAtEmptyPath) {
    const std::string text = TRY(call.path(path));
    // The descriptor itself: also of files that are on no inode.
    if (text.empty() && directory != kAtCwd)
      return TRY(call.process().fds->get_any(directory))->stat();
  }
  const Last last = (flags & kAtNoFollow) ? Last::kKeep : Last::kFollow;
  return TRY(find_file(call, directory, path, last, flags)).inode->stat();
}

}  // namespace

SysResult<int32_t> sys_statx(Call& call, Fd directory, UserPath path, uint32_t flags, uint32_t mask,
                             UserPtr result_at) {
  constexpr uint32_t kReserved = 0x80000000;
  constexpr uint32_t kKnown = kAtNoFollow | kAtNoAutomount | kAtEmptyPath | kAtStatxSync;
  if ((mask & kReserved) || (flags & ~kKnown) || (flags & kAtStatxSync) == kAtStatxSync)
    return Errno::kINVAL;
  const vfs::Stat stat = TRY(stat_of(call, directory, path, flags));
  TRY(call.put(result_at, to_statx(stat)));
  return 0;
}

// --- statfs

namespace {

// struct statfs64 of a 32-bit machine with 64-bit alignment.
struct StatFsResult {
  uint32_t type, block_size;
  uint64_t blocks, blocks_free, blocks_available, files, files_free;
  uint32_t id[2], name_length, fragment_size, flags, spare[4];
  uint32_t pad;
};
static_assert(sizeof(StatFsResult) == 88);

SysResult<int32_t> put_statfs(Call& call, vfs::Inode& inode, uint32_t size, UserPtr result_at) {
  constexpr uint32_t kPackedSize = 84;
  constexpr uint32_t kReadOnlyFlag = 1, kValidFlag = 0x20;
  if (size != sizeof(StatFsResult) && size != kPackedSize) return Errno::kINVAL;
  const vfs::StatFs stat = TRY(inode.statfs());
  StatFsResult result{};
  result.type = stat.type;
  result.block_size = result.fragment_size = static_cast<uint32_t>(stat.block_size);
  result.blocks = stat.blocks;
  result.blocks_free = result.blocks_available = stat.blocks_free;
  result.files = stat.files;
  result.files_free = stat.files_free;
  result.name_length = static_cast<uint32_t>(vfs::kNameMax);
  result.flags = kValidFlag | (stat.read_only ? kReadOnlyFlag : 0);
  std::memcpy(TRY(call.bytes_out(result_at, size)).data(), &result, size);
  return 0;
}

}  // namespace

SysResult<int32_t> sys_statfs64(Call& call, UserPath path, uint32_t size, UserPtr result_at) {
  const vfs::Location found = TRY(find_file(call, kAtCwd, path, Last::kFollow));
  return put_statfs(call, *found.inode, size, result_at);
}

SysResult<int32_t> sys_fstatfs64(Call& call, Fd fd, uint32_t size, UserPtr result_at) {
  const FileRef file = TRY(call.process().fds->get_any(fd));
  if (!file->location()) return Errno::kINVAL;
  return put_statfs(call, *file->location().inode, size, result_at);
}

// --- access

SysResult<int32_t> sys_faccessat2(Call& call, Fd directory, UserPath path, uint32_t mode,
                                  uint32_t flags) {
  constexpr uint32_t kAllBits = 7;
  if ((mode & ~kAllBits) || (flags & ~uint32_t{kAtEffective | kAtNoFollow | kAtEmptyPath}))
    return Errno::kINVAL;
  const Last last = (flags & kAtNoFollow) ? Last::kKeep : Last::kFollow;
  const vfs::Location found = TRY(find_file(call, directory, path, last, flags));
  TRY(vfs::access(*found.inode, call.process().credentials, mode));
  return 0;
}

SysResult<int32_t> sys_faccessat(Call& call, Fd directory, UserPath path, uint32_t mode) {
  return sys_faccessat2(call, directory, path, mode, 0);
}

// --- modes and owners

namespace {

// The file behind a descriptor; EINVAL for one that is in no file system.
SysResult<vfs::Location> location_of(Call& call, Fd fd) {
  const FileRef file = TRY(call.process().fds->get(fd));
  if (!file->location()) return Errno::kINVAL;
  return file->location();
}

// What inotify calls the change: one time alone counts as what changes it. 0: nothing changed.
uint32_t event_of(const vfs::SetAttr& attr) {
  if (attr.set_mode || attr.set_uid || attr.set_gid || (attr.set_atime && attr.set_mtime))
    return kNotifyAttributes;
  if (attr.set_atime) return kNotifyAccess;
  if (attr.set_mtime) return kNotifyModify;
  return 0;
}

SysResult<int32_t> change(Call& call, const vfs::Location& file, const vfs::SetAttr& attr,
                          vfs::TimesChange times = vfs::TimesChange::kExplicit) {
  TRY(vfs::change_attr(*file.inode, call.process().credentials, attr, times));
  notify_file(file, event_of(attr));
  return 0;
}

vfs::SetAttr mode_change(uint32_t mode) {
  vfs::SetAttr attr;
  attr.set_mode = true;
  attr.mode = mode & 07777;
  return attr;
}

vfs::SetAttr owner_change(uint32_t uid, uint32_t gid) {
  constexpr uint32_t kKeep = UINT32_MAX;
  vfs::SetAttr attr;
  attr.set_uid = uid != kKeep;
  attr.set_gid = gid != kKeep;
  attr.uid = uid;
  attr.gid = gid;
  return attr;
}

}  // namespace

SysResult<int32_t> sys_fchmod(Call& call, Fd fd, uint32_t mode) {
  return change(call, TRY(location_of(call, fd)), mode_change(mode));
}

SysResult<int32_t> sys_fchmodat2(Call& call, Fd directory, UserPath path, uint32_t mode,
                                 uint32_t flags) {
  if (flags & ~uint32_t{kAtNoFollow | kAtEmptyPath}) return Errno::kINVAL;
  const Last last = (flags & kAtNoFollow) ? Last::kKeep : Last::kFollow;
  const vfs::Location found = TRY(find_file(call, directory, path, last, flags));
  if (found.inode->type() == vfs::FileType::kSymlink) return Errno::kOPNOTSUPP;
  return change(call, found, mode_change(mode));
}

SysResult<int32_t> sys_fchmodat(Call& call, Fd directory, UserPath path, uint32_t mode) {
  return sys_fchmodat2(call, directory, path, mode, 0);
}

SysResult<int32_t> sys_fchown(Call& call, Fd fd, uint32_t uid, uint32_t gid) {
  return change(call, TRY(location_of(call, fd)), owner_change(uid, gid));
}

SysResult<int32_t> sys_fchownat(Call& call, Fd directory, UserPath path, uint32_t uid, uint32_t gid,
                                uint32_t flags) {
  if (flags & ~uint32_t{kAtNoFollow | kAtEmptyPath}) return Errno::kINVAL;
  const Last last = (flags & kAtNoFollow) ? Last::kKeep : Last::kFollow;
  const vfs::Location found = TRY(find_file(call, directory, path, last, flags));
  return change(call, found, owner_change(uid, gid));
}

// --- times

namespace {

struct GuestTime {
  int64_t seconds, nanoseconds;
};
constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kTimeNow = 0x3fffffff, kTimeOmit = 0x3ffffffe;

struct TimesRequest {
  vfs::SetAttr attr;
  vfs::TimesChange kind = vfs::TimesChange::kExplicit;
  bool nothing = false;
};

// One of the two times. EINVAL.
SysResult<Unit> take_time(const GuestTime& time, const vfs::Timespec& now, bool& set,
                          vfs::Timespec& value) {
  if (time.nanoseconds == kTimeOmit) return Unit{};
  set = true;
  value = now;
  if (time.nanoseconds == kTimeNow) return Unit{};
  if (time.nanoseconds < 0 || time.nanoseconds >= kSecond) return Errno::kINVAL;
  value = {time.seconds, static_cast<int32_t>(time.nanoseconds)};
  return Unit{};
}

SysResult<TimesRequest> times_request(Call& call, UserPtr times_at) {
  const int64_t clock = call.kernel().guest_clock().realtime_ns();
  const vfs::Timespec now{clock / kSecond, static_cast<int32_t>(clock % kSecond)};
  struct Pair {
    GuestTime access{0, kTimeNow}, modify{0, kTimeNow};
  } times;
  if (times_at) times = TRY(call.get<Pair>(times_at));
  TimesRequest request;
  TRY(take_time(times.access, now, request.attr.set_atime, request.attr.atime));
  TRY(take_time(times.modify, now, request.attr.set_mtime, request.attr.mtime));
  request.nothing = !request.attr.set_atime && !request.attr.set_mtime;
  if (times.access.nanoseconds == kTimeNow && times.modify.nanoseconds == kTimeNow)
    request.kind = vfs::TimesChange::kNow;
  return request;
}

}  // namespace

SysResult<int32_t> sys_utimensat_time64(Call& call, Fd directory, UserPath path, UserPtr times_at,
                                        uint32_t flags) {
  const TimesRequest request = TRY(times_request(call, times_at));
  if (request.nothing) return 0;
  if (flags & ~uint32_t{kAtNoFollow | kAtEmptyPath}) return Errno::kINVAL;
  if (!path) {
    if (flags != 0) return Errno::kINVAL;
    return change(call, TRY(location_of(call, directory)), request.attr, request.kind);
  }
  const Last last = (flags & kAtNoFollow) ? Last::kKeep : Last::kFollow;
  const vfs::Location found = TRY(find_file(call, directory, path, last, flags));
  return change(call, found, request.attr, request.kind);
}

}  // namespace cloche::kernel
