// The host's system calls that hostfs makes, and no others: on folder descriptors and single names.
//
// Every name is resolved by openat2 with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and
// RESOLVE_NO_MAGICLINKS: the host follows nothing for the guest. Internal to vfs.
//
// Thread class: safe.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/owned_fd.h"
#include "vfs/inode.h"

namespace cloche::vfs::host {

using Fd = OwnedFd;

// Which file it is. `born` tells a file from a later one with the same number.
struct FileId {
  uint64_t dev = 0, ino = 0;
  int64_t born_seconds = 0;
  uint32_t born_nanoseconds = 0;
  friend bool operator==(const FileId&, const FileId&) = default;
  friend auto operator<=>(const FileId&, const FileId&) = default;
};

struct FileStatus {
  FileId id;
  Stat stat;  // as the host has it: nothing mapped
};

// Does the kernel have openat2 and let us call it?
bool openat2_works(int folder);
// A handle (O_PATH) for `name` in `folder`, a symlink as itself.
SysResult<Fd> open_handle(int folder, std::string_view name);
// The file itself. `flags` as for open(2) without O_CREAT: only for regular files and folders.
SysResult<Fd> open_real(int folder, std::string_view name, int flags);
// The file that `handle` is, opened once more: for one that has no name any more. ENOENT without
// /proc.
SysResult<Fd> open_again(int handle, int flags);
// Makes a regular file with exactly `mode`, whatever the umask of the host's process. EEXIST
SysResult<Fd> create_file(int folder, std::string_view name, uint32_t mode);
SysResult<FileStatus> status(int handle);
// The same of `name` in `folder`, a symlink as itself. It needs permission to search the folder.
SysResult<FileStatus> status_of(int folder, std::string_view name);
SysResult<StatFs> file_system_status(int handle);
// faccessat of the host's process; bits of vfs::Access.
SysResult<Unit> access(int handle, uint32_t bits);
SysResult<std::string> read_link(int handle);
SysResult<std::string> read_link_of(int folder, std::string_view name);
SysResult<Unit> change_mode(int handle, uint32_t mode);
SysResult<Unit> change_times(int handle, const Timespec* atime, const Timespec* mtime);

SysResult<Unit> make_folder(int folder, std::string_view name, uint32_t mode);
SysResult<Unit> make_symlink(int folder, std::string_view name, std::string_view target);
SysResult<Unit> make_link(int from_folder, std::string_view from, int folder,
                          std::string_view name);
enum class Kind : uint8_t { kFile, kFolder };
SysResult<Unit> remove(int folder, std::string_view name, Kind kind);
SysResult<Unit> rename(int from_folder, std::string_view from, int to_folder, std::string_view to,
                       uint32_t flags);
// Entries of an open folder after `cookie`, as Inode::readdir; "." and ".." are left out. The
// host's inode numbers are passed as they are.
SysResult<Unit> read_folder(int folder, uint64_t cookie, void* env, Inode::AcceptEntry accept);

}  // namespace cloche::vfs::host
