// What is done with the content of an open file, and the entries of an open directory.
#include <algorithm>

#include "kernel/regular_file.h"
#include "kernel/syscalls/blocking.h"
#include "kernel/wasi/access.h"
#include "kernel/wasi/handlers.h"

namespace cloche::kernel::wasi {
namespace {

constexpr uint32_t kSeekSet = 0, kSeekCurrent = 1, kSeekEnd = 2;  // Linux's

// ENODEV and ESPIPE for what has no size.
SysResult<RegularFile*> regular(const FileRef& file) {
  if (file->kind() == FileKind::kRegular) return static_cast<RegularFile*>(file.get());
  return file->kind() == FileKind::kPipe ? Errno::kSPIPE : Errno::kNODEV;
}

// RLIMIT_FSIZE: EFBIG with SIGXFSZ.
Outcome check_size(Call& call, uint64_t size) {
  if (size > INT64_MAX) return Errno::kFBIG;
  if (size > call.process().limits[kLimitFileSize].soft) TRY(within_file_limit(call, size, 1));
  return Unit{};
}

SysResult<uint32_t> linux_whence(Version version, uint32_t whence) {
  constexpr uint32_t kOrder[2][3] = {{kSeekCurrent, kSeekEnd, kSeekSet},
                                     {kSeekSet, kSeekCurrent, kSeekEnd}};
  if (whence > 2) return Errno::kINVAL;
  return kOrder[version == Version::kPreview1][whence];
}

// ESPIPE for what has no position; terminals have not even the right to look for one.
SysResult<FileRef> positioned(Call& call, Fd fd, Rights needed) {
  const FileRef file = TRY(body_with(call, fd, 0));
  if ((rights_of(*file) & kFdSeek) == 0) return Errno::kSPIPE;
  return file_with(call, fd, needed);
}

}  // namespace

Outcome fd_advise(Call& call, Fd fd, uint64_t, uint64_t length, uint32_t advice) {
  constexpr uint32_t kLastAdvice = 5;
  const FileRef file = TRY(positioned(call, fd, kFdAdvise));
  if (advice > kLastAdvice || length > INT64_MAX) return Errno::kINVAL;
  return Unit{};
}

Outcome fd_allocate(Call& call, Fd fd, uint64_t offset, uint64_t length) {
  const FileRef file = TRY(body_with(call, fd, kFdAllocate));
  if (length == 0) return Errno::kINVAL;
  RegularFile* body = TRY(regular(file));
  if (offset > INT64_MAX || length > INT64_MAX - offset) return Errno::kFBIG;
  TRY(check_size(call, offset + length));
  return body->allocate(vfs::AllocateMode::kExtend, offset, length);
}

Outcome fd_sync(Call& call, Fd fd) { return TRY(file_with(call, fd, kFdSync))->sync(); }

Outcome fd_datasync(Call& call, Fd fd) {
  const FileRef file = TRY(file_with(call, fd, 0));
  // A directory has no such right.
  TRY(file_with(call, fd, file->kind() == FileKind::kDirectory ? kFdSync : kFdDatasync));
  return file->sync();
}

Outcome fd_filestat_set_size(Call& call, Fd fd, uint64_t size) {
  const FileRef file = TRY(body_with(call, fd, kFdFilestatSetSize));
  TRY(check_size(call, size));
  return file->truncate(size);
}

Outcome fd_read(Call& call, Fd fd, UserPtr vectors, uint32_t count, UserPtr done) {
  const FileRef file = TRY(stream_with(call, fd, kFdRead));
  TRY(call.bytes_out(done, sizeof(uint32_t)));
  const auto buffers = TRY(out_vectors(call, vectors, count));
  const uint64_t size = TRY(read_blocking(call, file, buffers));
  return call.put(done, static_cast<uint32_t>(size));
}

Outcome fd_write(Call& call, Fd fd, UserPtr vectors, uint32_t count, UserPtr done) {
  const FileRef file = TRY(stream_with(call, fd, kFdWrite));
  TRY(call.bytes_out(done, sizeof(uint32_t)));
  const auto buffers = TRY(in_vectors(call, vectors, count));
  const uint64_t size = TRY(write_blocking(call, file, buffers));
  return call.put(done, static_cast<uint32_t>(size));
}

Outcome fd_pread(Call& call, Fd fd, UserPtr vectors, uint32_t count, uint64_t offset,
                 UserPtr done) {
  TRY(stream_with(call, fd, kFdRead));
  const FileRef file = TRY(positioned(call, fd, kFdRead | kFdSeek));
  TRY(call.bytes_out(done, sizeof(uint32_t)));
  const auto buffers = TRY(out_vectors(call, vectors, count));
  const uint64_t size = TRY(read_vectors_at(call, *file, static_cast<int64_t>(offset), buffers));
  return call.put(done, static_cast<uint32_t>(size));
}

Outcome fd_pwrite(Call& call, Fd fd, UserPtr vectors, uint32_t count, uint64_t offset,
                  UserPtr done) {
  TRY(stream_with(call, fd, kFdWrite));
  const FileRef file = TRY(positioned(call, fd, kFdWrite | kFdSeek));
  TRY(call.bytes_out(done, sizeof(uint32_t)));
  const auto buffers = TRY(in_vectors(call, vectors, count));
  const uint64_t size = TRY(write_vectors_at(call, *file, static_cast<int64_t>(offset), buffers));
  return call.put(done, static_cast<uint32_t>(size));
}

template <Version version>
Outcome fd_seek(Call& call, Fd fd, int64_t offset, uint32_t whence, UserPtr result) {
  const uint32_t from = TRY(linux_whence(version, whence));
  const bool tells = offset == 0 && from == kSeekCurrent;
  const FileRef file = TRY(positioned(call, fd, tells ? kFdTell : kFdSeek));
  TRY(call.bytes_out(result, sizeof(uint64_t)));
  return call.put(result, TRY(file->seek(offset, from)));
}
template Outcome fd_seek<Version::kUnstable>(Call&, Fd, int64_t, uint32_t, UserPtr);
template Outcome fd_seek<Version::kPreview1>(Call&, Fd, int64_t, uint32_t, UserPtr);

Outcome fd_tell(Call& call, Fd fd, UserPtr result) {
  const FileRef file = TRY(positioned(call, fd, kFdTell));
  TRY(call.bytes_out(result, sizeof(uint64_t)));
  return call.put(result, TRY(file->seek(0, kSeekCurrent)));
}

// --- directories

namespace {

struct Dirent {
  uint64_t next = 0, ino = 0;
  uint32_t name_size = 0;
  uint8_t type = 0, pad[3] = {};
};
static_assert(sizeof(Dirent) == 24);

// Fills a buffer with entries. The last one is cut off where the buffer ends: that it is full tells
// the guest that there is more, and it asks again from the cookie of the last whole one.
struct Listing {
  std::span<uint8_t> out;
  size_t used = 0;

  bool full() const { return used == out.size(); }
  void append(const void* data, size_t size) {
    size = std::min(size, out.size() - used);
    if (size > 0) std::memcpy(out.data() + used, data, size);
    used += size;
  }
  bool add(std::string_view name, uint64_t ino, FileType type, uint64_t next) {
    if (full()) return false;
    const Dirent entry{next, ino, static_cast<uint32_t>(name.size()), type};
    append(&entry, sizeof entry);
    append(name.data(), name.size());
    return !full();
  }
};

// Cookies: 1 after ".", 2 after "..", 2 + c after the entry whose cookie in the directory is c.
constexpr uint64_t kFirstEntry = 2;

bool accept_entry(void* env, const vfs::DirEntry& entry) {
  return static_cast<Listing*>(env)->add(entry.name, entry.ino, type_of(entry.type),
                                         kFirstEntry + entry.next);
}

uint64_t ino_above(Call& call, const vfs::Location& location, uint64_t own) {
  const auto above = call.kernel().names().parent(location);
  if (!above.ok()) return own;
  const auto stat = above->inode->stat();
  return stat.ok() ? stat->ino : own;
}

}  // namespace

Outcome fd_readdir(Call& call, Fd fd, UserPtr buffer, uint32_t size, uint64_t cookie,
                   UserPtr used) {
  const FileRef file = TRY(file_with(call, fd, 0));
  if (file->kind() != FileKind::kDirectory) return Errno::kNOTDIR;
  TRY(file_with(call, fd, kFdReaddir));
  TRY(call.bytes_out(used, sizeof(uint32_t)));
  Listing listing{TRY(call.bytes_out(buffer, size))};
  const vfs::Location& location = file->location();
  const uint64_t own = TRY(location.inode->stat()).ino;
  if (cookie == 0) listing.add(".", own, kDirectoryType, 1);
  if (cookie <= 1) listing.add("..", ino_above(call, location, own), kDirectoryType, kFirstEntry);
  const uint64_t from = cookie > kFirstEntry ? cookie - kFirstEntry : 0;
  if (!listing.full()) TRY(location.inode->readdir(from, &listing, &accept_entry));
  return call.put(used, static_cast<uint32_t>(listing.used));
}

}  // namespace cloche::kernel::wasi
