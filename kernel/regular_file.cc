#include "kernel/regular_file.h"

#include <algorithm>

#include "kernel/file_lock.h"
#include "kernel/inode_state.h"
#include "kernel/ioctl.h"
#include "kernel/kernel.h"
#include "kernel/notify.h"

namespace cloche::kernel {
namespace {

constexpr uint64_t kMaxOffset = INT64_MAX;
enum Whence : uint32_t { kSeekSet, kSeekCurrent, kSeekEnd, kSeekData, kSeekHole };

}  // namespace

SysResult<uint64_t> within_file_limit(Call& call, uint64_t offset, uint64_t size) {
  const uint64_t limit = call.process().limits[kLimitFileSize].soft;
  if (size == 0 || limit >= kMaxOffset) return size;
  if (offset >= limit) {
    SignalInfo info;
    info.signo = kSigXfsz;
    info.pid = call.process().pid;
    info.uid = call.process().credentials.uid;
    (void)call.kernel().send_signal(call.thread(), info);
    return Errno::kFBIG;
  }
  return std::min(size, limit - offset);
}

RegularFile::RegularFile(vfs::Location location, std::unique_ptr<vfs::FileBody> body,
                         uint32_t flags, const vfs::Namespace* names, std::string label)
    : OpenFile(flags),
      location_(std::move(location)),
      body_(std::move(body)),
      names_(names),
      label_(std::move(label)) {}

RegularFile::~RegularFile() {
  release_description_locks(*this);
  notify_file(location_, writable() ? kNotifyCloseWrite : kNotifyCloseOther);
}

SysResult<uint64_t> RegularFile::read(Call& call, std::span<uint8_t> out) {
  const uint64_t count = TRY(read_at(call, position_, out));
  position_ += count;
  return count;
}

SysResult<uint64_t> RegularFile::read_at(Call&, uint64_t offset, std::span<uint8_t> out) {
  if (offset > kMaxOffset) return Errno::kINVAL;
  const uint64_t count =
      TRY(body_->read_at(offset, out.first(std::min<uint64_t>(out.size(), kMaxOffset - offset))));
  if (count > 0) notify_file(location_, kNotifyAccess);
  return count;
}

SysResult<uint64_t> RegularFile::write(Call& call, std::span<const uint8_t> in) {
  if ((flags_ & kAppend) == 0) {
    const uint64_t count = TRY(write_at(call, position_, in));
    position_ += count;
    return count;
  }
  const uint64_t end = TRY(body_->size());
  if (in.size() > kMaxOffset - end) return Errno::kFBIG;
  const uint64_t allowed = TRY(within_file_limit(call, end, in.size()));
  const auto appended = TRY(body_->append(in.first(allowed)));
  if (appended.written > 0) notify_file(location_, kNotifyModify);
  position_ = appended.end;
  return appended.written;
}

SysResult<uint64_t> RegularFile::write_at(Call& call, uint64_t offset,
                                          std::span<const uint8_t> in) {
  // Linux: pwrite(2) appends too when O_APPEND is set, and leaves the position alone.
  if (flags_ & kAppend) offset = TRY(body_->size());
  if (offset > kMaxOffset) return Errno::kINVAL;
  if (in.size() > kMaxOffset - offset) return Errno::kFBIG;
  const uint64_t allowed = TRY(within_file_limit(call, offset, in.size()));
  const uint64_t count = flags_ & kAppend ? TRY(body_->append(in.first(allowed))).written
                                          : TRY(body_->write_at(offset, in.first(allowed)));
  if (count > 0) notify_file(location_, kNotifyModify);
  return count;
}

SysResult<uint64_t> RegularFile::seek(int64_t offset, uint32_t whence) {
  uint64_t target = 0;
  if (whence == kSeekData || whence == kSeekHole) {
    if (offset < 0) return Errno::kNXIO;
    const auto from = static_cast<uint64_t>(offset);
    target = TRY(whence == kSeekData ? body_->seek_data(from) : body_->seek_hole(from));
  } else {
    uint64_t base = 0;
    if (whence == kSeekCurrent)
      base = position_;
    else if (whence == kSeekEnd)
      base = TRY(body_->size());
    else if (whence != kSeekSet)
      return Errno::kINVAL;
    // base <= INT64_MAX, so neither sum wraps in 64 unsigned bits.
    if (offset < 0 && base < 0 - static_cast<uint64_t>(offset)) return Errno::kINVAL;
    target = base + static_cast<uint64_t>(offset);
    if (target > kMaxOffset) return Errno::kOVERFLOW;
  }
  position_ = target;
  return target;
}

SysResult<Unit> RegularFile::truncate(uint64_t size) {
  if (!writable()) return Errno::kINVAL;
  TRY(body_->truncate(size));
  notify_file(location_, kNotifyModify);
  return Unit{};
}

SysResult<Unit> RegularFile::allocate(vfs::AllocateMode mode, uint64_t offset, uint64_t length) {
  TRY(body_->allocate(mode, offset, length));
  notify_file(location_, kNotifyModify);
  return Unit{};
}

SysResult<int32_t> RegularFile::ioctl(Call& call, uint32_t command, UserPtr argument) {
  if (command != kFionRead) return Errno::kNOTTY;
  const uint64_t size = TRY(body_->size());
  const uint64_t left = size > position_ ? size - position_ : 0;
  TRY(call.put<int32_t>(argument, static_cast<int32_t>(std::min<uint64_t>(left, INT32_MAX))));
  return 0;
}

std::string RegularFile::describe() const {
  if (!label_.empty()) return label_;
  return describe_location(names_, location_, "file");
}

std::string PathFile::describe() const { return describe_location(names_, location_, "path"); }

}  // namespace cloche::kernel
