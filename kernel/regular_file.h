// Open regular files: a position over a vfs::FileBody. And files opened with O_PATH.
#pragma once

#include <memory>

#include "kernel/open_file.h"

namespace cloche::kernel {

class RegularFile final : public OpenFile {
 public:
  // `names` tells the path for /proc; null for a file without one (memfd_create's `label` then).
  RegularFile(vfs::Location location, std::unique_ptr<vfs::FileBody> body, uint32_t flags,
              const vfs::Namespace* names, std::string label = {});
  ~RegularFile() override;
  FileKind kind() const override { return FileKind::kRegular; }
  bool can_be_watched() const override { return false; }
  vfs::FileBody& body() { return *body_; }

  // Writes obey RLIMIT_FSIZE: SIGXFSZ and EFBIG at the limit, a short write across it.
  SysResult<uint64_t> read(Call& call, std::span<uint8_t> out) override;
  SysResult<uint64_t> write(Call& call, std::span<const uint8_t> in) override;
  SysResult<uint64_t> read_at(Call& call, uint64_t offset, std::span<uint8_t> out) override;
  SysResult<uint64_t> write_at(Call& call, uint64_t offset, std::span<const uint8_t> in) override;
  SysResult<uint64_t> seek(int64_t offset, uint32_t whence) override;
  SysResult<Unit> truncate(uint64_t size) override;
  SysResult<Unit> allocate(vfs::AllocateMode mode, uint64_t offset, uint64_t length);
  SysResult<Unit> sync() override { return body_->sync(); }
  SysResult<int32_t> ioctl(Call& call, uint32_t command, UserPtr argument) override;
  SysResult<vfs::Stat> stat() override { return location_.inode->stat(); }
  const vfs::Location& location() const override { return location_; }
  std::string describe() const override;

  uint64_t position() const { return position_; }
  void set_position(uint64_t position) { position_ = position; }

 private:
  vfs::Location location_;
  std::unique_ptr<vfs::FileBody> body_;
  const vfs::Namespace* names_;
  std::string label_;
  uint64_t position_ = 0;
};

// How many of `size` bytes at `offset` RLIMIT_FSIZE lets the caller write. EFBIG, with SIGXFSZ.
SysResult<uint64_t> within_file_limit(Call& call, uint64_t offset, uint64_t size);

// O_PATH: names a file, gives no access to its content.
class PathFile final : public OpenFile {
 public:
  PathFile(vfs::Location location, uint32_t flags, const vfs::Namespace* names)
      : OpenFile(flags | kPath), location_(std::move(location)), names_(names) {}
  FileKind kind() const override { return FileKind::kPath; }
  SysResult<vfs::Stat> stat() override { return location_.inode->stat(); }
  const vfs::Location& location() const override { return location_; }
  std::string describe() const override;

 private:
  vfs::Location location_;
  const vfs::Namespace* names_;
};

}  // namespace cloche::kernel
