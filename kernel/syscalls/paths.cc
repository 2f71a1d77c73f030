#include "kernel/syscalls/paths.h"

#include "kernel/kernel.h"

namespace cloche::kernel {
namespace {

SysResult<vfs::Location> own_file(Call& call, Fd fd) {
  if (fd == kAtCwd) return call.process().cwd;
  const FileRef file = TRY(call.process().fds->get_any(fd));
  if (!file->location()) return Errno::kINVAL;
  return file->location();
}

}  // namespace

SysResult<vfs::Location> base_directory(Call& call, Fd directory) {
  if (directory == kAtCwd) return call.process().cwd;
  const FileRef file = TRY(call.process().fds->get_any(directory));
  const vfs::Location& location = file->location();
  if (!location || location.inode->type() != vfs::FileType::kDirectory) return Errno::kNOTDIR;
  return location;
}

SysResult<PathFrom> path_from(Call& call, Fd directory, UserPath path) {
  std::string text = TRY(call.path(path));
  if (text.empty()) return Errno::kNOENT;
  if (text[0] == '/') return PathFrom{call.process().root, std::move(text)};
  vfs::Location base = TRY(base_directory(call, directory));
  return PathFrom{std::move(base), std::move(text)};
}

SysResult<vfs::Location> find_file(Call& call, Fd directory, UserPath path, Last last,
                                   uint32_t at_flags) {
  if (at_flags & kAtEmptyPath) {
    const std::string text = TRY(call.path(path));
    if (text.empty()) return own_file(call, directory);
  }
  const PathFrom from = TRY(path_from(call, directory, path));
  return call.kernel().names().walk(from.base, from.path, call.process().credentials,
                                    last == Last::kFollow ? uint32_t{vfs::kFollowLast} : 0);
}

}  // namespace cloche::kernel
