// What the kernel keeps for an inode while it lives: the pipe behind a FIFO, record locks, the
// socket bound to a name. It hangs in Inode::attachment(), so it goes when the inode goes.
//
// Also inodes that are in no directory: pipes, sockets, host streams. They make /proc/self/fd/N
// (and with it /dev/fd/N and /dev/stdout) open again like any other file.
#pragma once

#include <memory>
#include <vector>

#include "kernel/open_file.h"

namespace cloche::kernel {

class LockTable;
class NotifyWatch;
class Pipe;
class UnixSocket;

// Makes a new open file on an inode that no file system knows how to open.
class Opener : public RefCounted {
 public:
  virtual SysResult<FileRef> open(Call& call, const vfs::Location& location, uint32_t flags) = 0;
};

class InodeState : public RefCounted {
 public:
  InodeState();
  ~InodeState() override;
  Ref<Pipe> pipe;
  Ref<Opener> opener;
  UnixSocket* socket = nullptr;       // the socket bound here; it clears this when it closes
  std::vector<NotifyWatch*> watches;  // of inotify
  std::unique_ptr<LockTable> locks;   // null: none was ever taken
};

// The state of `inode`, made at the first use.
InodeState& state_of(vfs::Inode& inode);
// The same, or null if there is none.
InodeState* find_state(vfs::Inode& inode);

// An inode in no file system.
class AnonymousInode final : public vfs::Inode {
 public:
  AnonymousInode(const vfs::Stat& stat) : stat_(stat) {}  // NOLINT: plain data
  vfs::FileType type() const override { return stat_.type; }
  SysResult<vfs::Stat> stat() override { return stat_; }
  SysResult<vfs::StatFs> statfs() override;
  SysResult<Unit> set_attr(const vfs::SetAttr& change) override;
  SysResult<Unit> may_open_special() override { return Unit{}; }

 private:
  vfs::Stat stat_;
};

// The path of a location, or "kind:[inode]" for one in no directory.
std::string describe_location(const vfs::Namespace* names, const vfs::Location& location,
                              std::string_view kind);

}  // namespace cloche::kernel
