#include "kernel/io_state.h"

#include <algorithm>
#include <bit>

#include "kernel/kernel.h"
#include "kernel/pipe.h"

namespace cloche::kernel {

IoState* create_io_state(Kernel& kernel) { return new IoState(kernel); }

void destroy_io_state(IoState* state) { delete state; }

vfs::InodeRef IoState::make_inode(vfs::FileType type, uint32_t mode,
                                  const vfs::Credentials& owner) {
  constexpr uint64_t kAnonymousDevice = 0x0b;
  constexpr int64_t kSecond = 1'000'000'000;
  const int64_t now = kernel_.clock().realtime_ns();
  vfs::Stat stat;
  stat.dev = kAnonymousDevice;
  stat.ino = next_inode_++;
  stat.type = type;
  stat.mode = mode;
  stat.uid = owner.uid;
  stat.gid = owner.gid;
  stat.atime = {now / kSecond, static_cast<int32_t>(now % kSecond)};
  stat.mtime = stat.ctime = stat.btime = stat.atime;
  return make_ref<AnonymousInode>(stat);
}

uint64_t IoState::max_pipe_capacity() const {
  return std::bit_floor(std::max(kernel_.options().limits.pipe_bytes, Pipe::kPageSize));
}

uint64_t IoState::pipe_capacity() const {
  return std::min(max_pipe_capacity(), Pipe::kDefaultCapacity);
}

}  // namespace cloche::kernel
