// What files are like, and their times.
#include "kernel/wasi/access.h"
#include "kernel/wasi/handlers.h"

namespace cloche::kernel::wasi {
namespace {

struct FilestatUnstable {
  uint64_t dev = 0, ino = 0;
  uint8_t type = 0, pad[3] = {};
  uint32_t nlink = 0;
  uint64_t size = 0, atime = 0, mtime = 0, ctime = 0;
};
static_assert(sizeof(FilestatUnstable) == 56);

struct FilestatPreview1 {
  uint64_t dev = 0, ino = 0;
  uint8_t type = 0, pad[7] = {};
  uint64_t nlink = 0, size = 0, atime = 0, mtime = 0, ctime = 0;
};
static_assert(sizeof(FilestatPreview1) == 64);

template <class Filestat>
Outcome put_stat(Call& call, UserPtr result, const vfs::Stat& stat, FileType type) {
  Filestat out;
  out.dev = stat.dev;
  out.ino = stat.ino;
  out.type = type;
  out.nlink = stat.nlink;
  out.size = stat.size;
  out.atime = to_timestamp(stat.atime);
  out.mtime = to_timestamp(stat.mtime);
  out.ctime = to_timestamp(stat.ctime);
  return call.put(result, out);
}

template <Version version>
Outcome put(Call& call, UserPtr result, const vfs::Stat& stat, FileType type) {
  if constexpr (version == Version::kUnstable)
    return put_stat<FilestatUnstable>(call, result, stat, type);
  else
    return put_stat<FilestatPreview1>(call, result, stat, type);
}

enum TimesFlags : uint32_t { kAtim = 1, kAtimNow = 2, kMtim = 4, kMtimNow = 8 };

vfs::Timespec to_timespec(uint64_t nanoseconds) {
  constexpr uint64_t kSecond = 1'000'000'000;
  return {static_cast<int64_t>(nanoseconds / kSecond), static_cast<int32_t>(nanoseconds % kSecond)};
}

Outcome set_times(Call& call, vfs::Inode& inode, uint64_t access, uint64_t modify, uint32_t flags) {
  constexpr uint32_t kKnown = kAtim | kAtimNow | kMtim | kMtimNow;
  const auto both = [flags](uint32_t bits) { return (flags & bits) == bits; };
  if ((flags & ~kKnown) || both(kAtim | kAtimNow) || both(kMtim | kMtimNow)) return Errno::kINVAL;
  if (flags == 0) return Unit{};
  const vfs::Timespec now =
      to_timespec(static_cast<uint64_t>(call.kernel().guest_clock().realtime_ns()));
  vfs::SetAttr change;
  change.set_atime = (flags & (kAtim | kAtimNow)) != 0;
  change.set_mtime = (flags & (kMtim | kMtimNow)) != 0;
  change.atime = (flags & kAtimNow) ? now : to_timespec(access);
  change.mtime = (flags & kMtimNow) ? now : to_timespec(modify);
  const bool all_now = flags == (kAtimNow | kMtimNow);
  return vfs::change_attr(inode, call.process().credentials, change,
                          all_now ? vfs::TimesChange::kNow : vfs::TimesChange::kExplicit);
}

}  // namespace

template <Version version>
Outcome fd_filestat_get(Call& call, Fd fd, UserPtr result) {
  const FileRef file = TRY(file_with(call, fd, kFdFilestatGet));
  const vfs::Stat stat = TRY(file->stat());
  return put<version>(call, result, stat, type_of(*file, stat));
}
template Outcome fd_filestat_get<Version::kUnstable>(Call&, Fd, UserPtr);
template Outcome fd_filestat_get<Version::kPreview1>(Call&, Fd, UserPtr);

Outcome fd_filestat_set_times(Call& call, Fd fd, uint64_t access, uint64_t modify, uint32_t flags) {
  const FileRef file = TRY(file_with(call, fd, kFdFilestatSetTimes));
  if (!file->location()) return Errno::kINVAL;
  return set_times(call, *file->location().inode, access, modify, flags);
}

template <Version version>
Outcome path_filestat_get(Call& call, Fd fd, uint32_t flags, UserPtr path, uint32_t size,
                          UserPtr result) {
  const Path from = TRY(path_at(call, fd, path, size, kPathFilestatGet));
  const vfs::Location found = TRY(find(call, from, (flags & kSymlinkFollow) != 0));
  const vfs::Stat stat = TRY(found.inode->stat());
  return put<version>(call, result, stat, type_of(stat.type));
}
template Outcome path_filestat_get<Version::kUnstable>(Call&, Fd, uint32_t, UserPtr, uint32_t,
                                                       UserPtr);
template Outcome path_filestat_get<Version::kPreview1>(Call&, Fd, uint32_t, UserPtr, uint32_t,
                                                       UserPtr);

Outcome path_filestat_set_times(Call& call, Fd fd, uint32_t flags, UserPtr path, uint32_t size,
                                uint64_t access, uint64_t modify, uint32_t which) {
  const Path from = TRY(path_at(call, fd, path, size, kPathFilestatSetTimes));
  const vfs::Location found = TRY(find(call, from, (flags & kSymlinkFollow) != 0));
  return set_times(call, *found.inode, access, modify, which);
}

}  // namespace cloche::kernel::wasi
