#include "kernel/inode_state.h"

#include "kernel/file_lock.h"
#include "kernel/pipe.h"

namespace cloche::kernel {

InodeState::InodeState() = default;
InodeState::~InodeState() = default;

InodeState* find_state(vfs::Inode& inode) {
  return static_cast<InodeState*>(inode.attachment().get());
}

InodeState& state_of(vfs::Inode& inode) {
  if (InodeState* state = find_state(inode)) return *state;
  auto* state = new InodeState;
  state->ref();  // dropped by the inode
  inode.attachment().reset(state);
  return *state;
}

SysResult<vfs::StatFs> AnonymousInode::statfs() {
  constexpr uint32_t kPipeFsMagic = 0x50495045;
  vfs::StatFs result;
  result.type = kPipeFsMagic;
  return result;
}

SysResult<Unit> AnonymousInode::set_attr(const vfs::SetAttr& change) {
  if (change.set_mode) stat_.mode = change.mode & 07777;
  if (change.set_uid) stat_.uid = change.uid;
  if (change.set_gid) stat_.gid = change.gid;
  if (change.set_atime) stat_.atime = change.atime;
  if (change.set_mtime) stat_.mtime = change.mtime;
  return Unit{};
}

std::string describe_location(const vfs::Namespace* names, const vfs::Location& location,
                              std::string_view kind) {
  if (names && location.mount) {
    auto path = names->path_of(location);
    if (path.ok()) return *path;
  }
  const auto stat = location.inode ? location.inode->stat() : SysResult<vfs::Stat>(vfs::Stat{});
  return std::string(kind) + ":[" + std::to_string(stat.ok() ? stat->ino : 0) + "]";
}

}  // namespace cloche::kernel
