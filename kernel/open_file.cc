#include "kernel/open_file.h"

#include "kernel/file_lock.h"

namespace cloche::kernel {

FileWatch::FileWatch(OpenFile& file) : file_(file), next_(file.watches_) {
  if (next_) next_->previous_ = this;
  file.watches_ = this;
}

FileWatch::~FileWatch() {
  (previous_ ? previous_->next_ : file_.watches_) = next_;
  if (next_) next_->previous_ = previous_;
}

OpenFile::~OpenFile() {
  while (watches_) watches_->file_gone();
}

SysResult<uint64_t> OpenFile::read(Call&, std::span<uint8_t>) { return Errno::kINVAL; }

SysResult<uint64_t> OpenFile::write(Call&, std::span<const uint8_t>) { return Errno::kINVAL; }

SysResult<uint64_t> OpenFile::read_at(Call&, uint64_t, std::span<uint8_t>) { return Errno::kSPIPE; }

SysResult<uint64_t> OpenFile::write_at(Call&, uint64_t, std::span<const uint8_t>) {
  return Errno::kSPIPE;
}

SysResult<uint64_t> OpenFile::seek(int64_t, uint32_t) { return Errno::kSPIPE; }

SysResult<Unit> OpenFile::truncate(uint64_t) { return Errno::kINVAL; }

SysResult<int32_t> OpenFile::ioctl(Call&, uint32_t, UserPtr) { return Errno::kNOTTY; }

const vfs::Location& OpenFile::location() const {
  static const vfs::Location kNowhere;
  return kNowhere;
}

void OpenFile::descriptor_closed(Process& process) { release_record_locks(*this, process); }

SysResult<vfs::Stat> AnonymousFile::stat() {
  vfs::Stat stat;
  stat.mode = 0600;
  return stat;
}

}  // namespace cloche::kernel
