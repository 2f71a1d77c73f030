#include "kernel/io_state.h"

#include <algorithm>
#include <bit>

#include "kernel/kernel.h"
#include "kernel/pipe.h"
#include "vfs/memfs.h"

namespace cloche::kernel {

IoState* create_io_state(Kernel& kernel) { return new IoState(kernel); }

void destroy_io_state(IoState* state) { delete state; }

vfs::InodeRef IoState::make_inode(vfs::FileType type, uint32_t mode,
                                  const vfs::Credentials& owner) {
  constexpr uint64_t kAnonymousDevice = 0x0b;
  constexpr int64_t kSecond = 1'000'000'000;
  const int64_t now = kernel_.guest_clock().realtime_ns();
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

void IoState::set_outer(const IoState* outer) {
  if (!outer) return;
  timers_->set_outer(outer->timers_);
  watches_->set_outer(outer->watches_);
  nested_sets_->set_outer(outer->nested_sets_);
  notify_instances_->set_outer(outer->notify_instances_);
}

void IoState::set_limits(const KernelLimits& limits) {
  timers_->set_limit(limits.timers);
  watches_->set_limit(limits.watches);
}

// What is left in socket queues goes while the kernel's parts still stand, and terminals that the
// host holds on to forget the kernel.
IoState::~IoState() {
  terminals_.detach_all();
  sockets_.drop_all();
}

void tell_full(Process& process, QuotaOf quota, const char* limit) {
  for (Kernel* at = process.kernel; at; at = at->options().outer) {
    if ((at->io().*quota)()->left() > 0) continue;
    at->tell_limit(limit, &process);
    return;
  }
}

vfs::InodeRef IoState::shared_memory_root() {
  if (shared_memory_) return shared_memory_;
  constexpr uint64_t kOwnBytes = 64 << 20, kOwnInodes = 10'000, kDevice = 0x17;
  vfs::MemfsOptions options;
  options.clock = &kernel_.guest_clock();
  options.budget = kernel_.options().disk;
  if (!options.budget) options.budget = make_ref<vfs::Budget>(kOwnBytes, kOwnInodes);
  options.dev = kDevice;
  options.mode = 01777;
  shared_memory_ = vfs::make_memfs(options);
  return shared_memory_;
}

SysResult<vfs::InodeRef> IoState::make_memory_file(const vfs::Credentials& owner) {
  return shared_memory_root()->create_unnamed({0777, owner.uid, owner.gid});
}

uint64_t IoState::max_pipe_capacity() const {
  return std::bit_floor(std::max(kernel_.options().limits.pipe_bytes, Pipe::kPageSize));
}

uint64_t IoState::pipe_capacity() const {
  return std::min(max_pipe_capacity(), Pipe::kDefaultCapacity);
}

}  // namespace cloche::kernel
