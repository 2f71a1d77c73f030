// Open directories: a position among the entries.
#pragma once

#include "kernel/open_file.h"

namespace cloche::kernel {

class DirectoryFile final : public OpenFile {
 public:
  DirectoryFile(vfs::Location location, uint32_t flags, const vfs::Namespace& names)
      : OpenFile(flags), location_(std::move(location)), names_(names) {}
  ~DirectoryFile() override;
  FileKind kind() const override { return FileKind::kDirectory; }
  bool can_be_watched() const override { return false; }

  // getdents64(2): fills `out` with linux_dirent64 records, "." and ".." first. Bytes used, 0 at
  // the end. EINVAL: not even one record fits. ENOENT: the directory was removed.
  SysResult<uint64_t> list(std::span<uint8_t> out);

  SysResult<uint64_t> read(Call&, std::span<uint8_t>) override { return Errno::kISDIR; }
  SysResult<uint64_t> read_at(Call&, uint64_t, std::span<uint8_t>) override {
    return Errno::kISDIR;
  }
  SysResult<uint64_t> seek(int64_t offset, uint32_t whence) override;
  SysResult<Unit> sync() override { return Unit{}; }
  SysResult<vfs::Stat> stat() override { return location_.inode->stat(); }
  const vfs::Location& location() const override { return location_; }
  std::string describe() const override;

 private:
  // 0: before ".", 1: before "..", 2 + c: after the entry whose cookie is c (0: before all).
  uint64_t position_ = 0;
  vfs::Location location_;
  const vfs::Namespace& names_;
};

}  // namespace cloche::kernel
