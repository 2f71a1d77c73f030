// Names: opening, making, linking, renaming, removing.
#include <algorithm>

#include "kernel/fifo.h"
#include "kernel/open.h"
#include "kernel/wasi/access.h"
#include "kernel/wasi/flags.h"
#include "kernel/wasi/handlers.h"

namespace cloche::kernel::wasi {
namespace {

enum OpenHow : uint32_t { kHowCreate = 1, kHowDirectory = 2, kHowExclusive = 4, kHowTruncate = 8 };
constexpr uint32_t kHowKnown = 15;
constexpr uint32_t kNewFile = 0666, kNewDirectory = 0777;

const vfs::Namespace& names(Call& call) { return call.kernel().names(); }
const vfs::Credentials& who(Call& call) { return call.process().credentials; }

// Linux's flags for what a path_open asks for; rights say whether to read or to write. (Go asks for
// the right to change the size of what it opens for reading.) EINVAL.
SysResult<uint32_t> open_flags(uint32_t how, Rights base, uint32_t flags) {
  if ((how & ~kHowKnown) || (flags & ~uint32_t{kFlagsKnown})) return Errno::kINVAL;
  const bool writes = (base & kFdWrite) != 0;
  const bool reads = (base & (kFdRead | kFdReaddir)) != 0 || !writes;
  uint32_t result = writes ? (reads ? kReadWrite : kWriteOnly) : kReadOnly;
  if (how & kHowCreate) result |= kCreate;
  if (how & kHowDirectory) {
    if (how & kHowCreate) return Errno::kINVAL;
    result = kReadOnly | kDirectory;  // the right to write is for what is opened through it
  }
  if (how & kHowExclusive) result |= kExclusive;
  if (how & kHowTruncate) result |= kTruncate;
  return result | to_open_flags(flags);
}

vfs::OpenRequest request_of(const Process& process, uint32_t flags, bool follow) {
  vfs::OpenRequest request;
  const uint32_t access = flags & kAccessMode;
  request.read = access != kWriteOnly;
  request.write = access != kReadOnly;
  request.create = (flags & kCreate) != 0;
  request.exclusive = (flags & kExclusive) != 0;
  request.truncate = (flags & kTruncate) != 0;
  request.directory = (flags & kDirectory) != 0;
  request.no_follow = !follow;
  request.mode = kNewFile & ~process.umask;
  return request;
}

// Whoever asks for all rights of a directory gets to read it, although nobody can write one.
SysResult<vfs::Opened> open_path(Call& call, const Path& from, uint32_t& flags, bool follow) {
  const vfs::OpenRequest request = request_of(call.process(), flags, follow);
  auto opened = beneath(vfs::open(names(call), from.arg(), who(call), request));
  const bool may_be_directory = !request.create && !request.truncate;
  if (opened.ok() || opened.error() != Errno::kISDIR || !may_be_directory) return opened;
  flags = (flags & ~uint32_t{kAccessMode}) | kReadOnly;
  return beneath(
      vfs::open(names(call), from.arg(), who(call), request_of(call.process(), flags, follow)));
}

// What path_open needs of the directory.
Rights needed_for(uint32_t how) {
  Rights needed = kPathOpen;
  if (how & kHowCreate) needed |= kPathCreateFile;
  if (how & kHowTruncate) needed |= kPathFilestatSetSize;
  return needed;
}

// Gives the file a descriptor with `base`, as far as it makes sense for it.
Outcome install_with(Call& call, FileRef file, Rights base, Rights inheriting, UserPtr opened) {
  State* state = TRY(state_of(call));
  const bool directory = file->kind() == FileKind::kDirectory;
  if (!file->writable()) base &= ~kWritingRights;
  const Descriptor descriptor{base & rights_of(*file), directory ? inheriting : 0, {}};
  const int32_t fd = TRY(install(call, std::move(file), 0));
  state->add(Fd{fd}, descriptor);
  return call.put(opened, fd);
}

}  // namespace

Outcome path_open(Call& call, Fd fd, uint32_t lookup, UserPtr path, uint32_t size, uint32_t how,
                  uint64_t base, uint64_t inheriting, uint32_t flags, UserPtr opened) {
  base &= kAllRights;
  inheriting &= kAllRights;
  // A FIFO that waited for its other end is the only thing that this call holds.
  if (call.scratch().object)
    return install_with(call, TRY(resume_open_fifo(call)), base, inheriting, opened);
  const Path from = TRY(path_at(call, fd, path, size, needed_for(how)));
  State* state = TRY(state_of(call));
  if ((base | inheriting) & ~state->of(fd).inheriting) return Errno::kNOTCAPABLE;
  TRY(call.bytes_out(opened, sizeof(uint32_t)));
  uint32_t open = TRY(open_flags(how, base, flags));
  TRY(call.process().fds->check_room(1, descriptor_limit(call.process())));
  vfs::Opened found = TRY(open_path(call, from, open, (lookup & kSymlinkFollow) != 0));
  FileRef file = TRY(open_location(call, std::move(found), open | kNoCtty));
  return install_with(call, std::move(file), base, inheriting, opened);
}

Outcome path_create_directory(Call& call, Fd fd, UserPtr path, uint32_t size) {
  const Path from = TRY(path_at(call, fd, path, size, kPathCreateDirectory));
  TRY(beneath(vfs::make_directory(names(call), from.arg(), who(call),
                                  kNewDirectory & ~call.process().umask)));
  return Unit{};
}

Outcome path_link(Call& call, Fd old_fd, uint32_t old_flags, UserPtr old_path, uint32_t old_size,
                  Fd new_fd, UserPtr new_path, uint32_t new_size) {
  const Path from = TRY(path_at(call, old_fd, old_path, old_size, kPathLinkSource));
  const Path to = TRY(path_at(call, new_fd, new_path, new_size, kPathLinkTarget));
  const vfs::Location existing = TRY(find(call, from, (old_flags & kSymlinkFollow) != 0));
  TRY(check_reach(call, to));
  return vfs::make_link(names(call), existing, to.arg(), who(call));
}

Outcome path_readlink(Call& call, Fd fd, UserPtr path, uint32_t size, UserPtr buffer,
                      uint32_t buffer_size, UserPtr used) {
  const Path from = TRY(path_at(call, fd, path, size, kPathReadlink));
  TRY(call.bytes_out(used, sizeof(uint32_t)));
  const vfs::Location found = TRY(find(call, from, false));
  const std::string target = TRY(found.inode->readlink());
  const auto count = std::min<uint64_t>(target.size(), buffer_size);
  std::memcpy(TRY(call.bytes_out(buffer, count)).data(), target.data(), count);
  return call.put(used, static_cast<uint32_t>(count));
}

Outcome path_remove_directory(Call& call, Fd fd, UserPtr path, uint32_t size) {
  const Path from = TRY(path_at(call, fd, path, size, kPathRemoveDirectory));
  return beneath(vfs::remove_directory(names(call), from.arg(), who(call)));
}

Outcome path_rename(Call& call, Fd old_fd, UserPtr old_path, uint32_t old_size, Fd new_fd,
                    UserPtr new_path, uint32_t new_size) {
  const Path from = TRY(path_at(call, old_fd, old_path, old_size, kPathRenameSource));
  const Path to = TRY(path_at(call, new_fd, new_path, new_size, kPathRenameTarget));
  TRY(check_reach(call, from));
  TRY(check_reach(call, to));
  return vfs::rename(names(call), from.arg(), to.arg(), who(call), 0);
}

Outcome path_symlink(Call& call, UserPtr target, uint32_t target_size, Fd fd, UserPtr path,
                     uint32_t size) {
  const Path from = TRY(path_at(call, fd, path, size, kPathSymlink));
  if (target_size >= vfs::kPathMax) return Errno::kNAMETOOLONG;
  const auto bytes = TRY(call.bytes_in(target, target_size));
  if (bytes.empty()) return Errno::kNOENT;
  if (std::find(bytes.begin(), bytes.end(), 0) != bytes.end()) return Errno::kINVAL;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  TRY(beneath(vfs::make_symlink(names(call), from.arg(), who(call), text)));
  return Unit{};
}

Outcome path_unlink_file(Call& call, Fd fd, UserPtr path, uint32_t size) {
  const Path from = TRY(path_at(call, fd, path, size, kPathUnlinkFile));
  return beneath(vfs::remove_file(names(call), from.arg(), who(call)));
}

}  // namespace cloche::kernel::wasi
