// Descriptors: closing, renumbering, flags, rights, preopens.
#include "kernel/open.h"
#include "kernel/wasi/access.h"
#include "kernel/wasi/flags.h"
#include "kernel/wasi/handlers.h"

namespace cloche::kernel::wasi {
namespace {

struct Fdstat {
  uint8_t type = 0, pad = 0;
  uint16_t flags = 0;
  uint32_t pad2 = 0;
  uint64_t base = 0, inheriting = 0;
};
static_assert(sizeof(Fdstat) == 24);

struct Prestat {
  uint32_t tag = 0;  // 0: a directory
  uint32_t name_size = 0;
};
static_assert(sizeof(Prestat) == 8);

// The name of a preopen. EBADF: not one.
SysResult<std::string> preopen_name(Call& call, Fd fd) {
  State* state = TRY(state_of(call));
  TRY(call.process().fds->get(fd));
  const std::string& name = state->of(fd).preopen;
  if (name.empty()) return Errno::kBADF;
  return name;
}

}  // namespace

Outcome fd_close(Call& call, Fd fd) {
  State* state = TRY(state_of(call));
  TRY(file_with(call, fd, 0));
  TRY(call.process().fds->close(fd, call.process()));
  state->remove(fd);
  return Unit{};
}

Outcome fd_renumber(Call& call, Fd fd, Fd to) {
  State* state = TRY(state_of(call));
  FileRef file = TRY(file_with(call, fd, 0));
  TRY(file_with(call, to, 0));  // a descriptor cannot be made where none is
  if (fd == to) return Unit{};
  Process& process = call.process();
  TRY(process.fds->set(to, std::move(file), false, FdTable::kHardLimit, process));
  TRY(process.fds->close(fd, process));
  Descriptor moved = std::move(state->of(fd));
  state->remove(fd);
  state->add(to, std::move(moved));
  return Unit{};
}

Outcome fd_fdstat_get(Call& call, Fd fd, UserPtr result) {
  const FileRef file = TRY(file_with(call, fd, 0));
  const Descriptor& descriptor = call.process().wasi->of(fd);
  Fdstat stat;
  stat.type = type_of(*file, TRY(file->stat()));
  stat.flags = to_fd_flags(file->flags());
  stat.base = descriptor.base;
  stat.inheriting = descriptor.inheriting;
  return call.put(result, stat);
}

Outcome fd_fdstat_set_flags(Call& call, Fd fd, uint32_t flags) {
  const FileRef file = TRY(body_with(call, fd, kFdFdstatSetFlags));
  if (flags & ~uint32_t{kFlagsKnown}) return Errno::kINVAL;
  file->set_flags((file->flags() & ~kAllStatusFlags) | to_open_flags(flags));
  return Unit{};
}

Outcome fd_fdstat_set_rights(Call& call, Fd fd, uint64_t base, uint64_t inheriting) {
  TRY(file_with(call, fd, 0));
  Descriptor& descriptor = call.process().wasi->of(fd);
  if ((base & ~descriptor.base) || (inheriting & ~descriptor.inheriting)) return Errno::kNOTCAPABLE;
  descriptor.base = base;
  descriptor.inheriting = inheriting;
  return Unit{};
}

Outcome fd_prestat_get(Call& call, Fd fd, UserPtr result) {
  const std::string name = TRY(preopen_name(call, fd));
  return call.put(result, Prestat{0, static_cast<uint32_t>(name.size())});
}

Outcome fd_prestat_dir_name(Call& call, Fd fd, UserPtr path, uint32_t size) {
  const std::string name = TRY(preopen_name(call, fd));
  if (size < name.size()) return Errno::kNAMETOOLONG;
  std::memcpy(TRY(call.bytes_out(path, name.size())).data(), name.data(), name.size());
  return Unit{};
}

}  // namespace cloche::kernel::wasi
