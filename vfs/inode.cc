#include "vfs/inode.h"

#include "vfs/walk.h"

namespace cloche::vfs {

namespace {
// The error of a directory call on an inode that is none, or whose file system lacks the call.
Errno not_a_directory(const Inode& inode) {
  return inode.type() == FileType::kDirectory ? Errno::kPERM : Errno::kNOTDIR;
}
Errno refuse_change(const Inode& inode) {
  if (inode.type() != FileType::kDirectory) return Errno::kNOTDIR;
  return inode.read_only() ? Errno::kROFS : Errno::kPERM;
}
}  // namespace

SysResult<uint64_t> FileBody::write_at(uint64_t, std::span<const uint8_t>) { return Errno::kBADF; }

SysResult<FileBody::Appended> FileBody::append(std::span<const uint8_t>) { return Errno::kBADF; }

SysResult<uint64_t> FileBody::seek_data(uint64_t offset) {
  uint64_t end = TRY(size());
  if (offset >= end) return Errno::kNXIO;
  return offset;
}

SysResult<uint64_t> FileBody::seek_hole(uint64_t offset) {
  uint64_t end = TRY(size());
  if (offset >= end) return Errno::kNXIO;
  return end;
}

SysResult<Unit> FileBody::truncate(uint64_t) { return Errno::kINVAL; }

SysResult<Unit> FileBody::allocate(AllocateMode, uint64_t, uint64_t) { return Errno::kOPNOTSUPP; }

SysResult<Unit> Inode::set_attr(const SetAttr&) {
  return read_only() ? Errno::kROFS : Errno::kPERM;
}

SysResult<Unit> Inode::check_access(const Credentials& who, uint32_t access) {
  Stat now = TRY(stat());
  return vfs::check_access(now, who, access);
}

SysResult<InodeRef> Inode::lookup(std::string_view) {
  return type() == FileType::kDirectory ? Errno::kNOENT : Errno::kNOTDIR;
}

SysResult<InodeRef> Inode::create(std::string_view, const CreateAttr&) {
  return refuse_change(*this);
}

SysResult<Created> Inode::create_open(std::string_view name, const CreateAttr& attr,
                                      OpenAccess access) {
  InodeRef made = TRY(create(name, attr));
  auto body = TRY(made->open(access));
  return Created{std::move(made), std::move(body)};
}

SysResult<InodeRef> Inode::mkdir(std::string_view, const CreateAttr&) {
  return refuse_change(*this);
}

SysResult<InodeRef> Inode::symlink(std::string_view, std::string_view, const CreateAttr&) {
  return refuse_change(*this);
}

SysResult<InodeRef> Inode::mknod(std::string_view, FileType, const CreateAttr&) {
  return refuse_change(*this);
}

SysResult<InodeRef> Inode::create_unnamed(const CreateAttr&) {
  if (type() != FileType::kDirectory) return Errno::kNOTDIR;
  return read_only() ? Errno::kROFS : Errno::kOPNOTSUPP;
}

SysResult<Unit> Inode::link(std::string_view, const InodeRef&) { return refuse_change(*this); }

SysResult<Unit> Inode::unlink(std::string_view) { return refuse_change(*this); }

SysResult<Unit> Inode::rmdir(std::string_view) { return refuse_change(*this); }

SysResult<Unit> Inode::rename(std::string_view, const InodeRef&, std::string_view, uint32_t) {
  return refuse_change(*this);
}

SysResult<Unit> Inode::readdir(uint64_t, void*, AcceptEntry) { return not_a_directory(*this); }

SysResult<std::string> Inode::name_in_parent() { return Errno::kNOENT; }

SysResult<std::string> Inode::readlink() { return Errno::kINVAL; }

SysResult<Unit> Inode::magic_target(Location&) { return Errno::kINVAL; }

SysResult<std::unique_ptr<FileBody>> Inode::open(OpenAccess) {
  return type() == FileType::kDirectory ? Errno::kISDIR : Errno::kNXIO;
}

SysResult<Unit> Inode::truncate(uint64_t) {
  return type() == FileType::kDirectory ? Errno::kISDIR : Errno::kINVAL;
}

SysResult<Unit> Inode::may_open_special() {
  if (type() == FileType::kFifo || type() == FileType::kSocket) return Unit{};
  return Errno::kACCES;
}

}  // namespace cloche::vfs
