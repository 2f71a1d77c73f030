// What the I/O side keeps for one sandbox, apart from its open files: numbers for pipes and
// sockets, terminals, the host streams that someone waits for, names of sockets, lock waits.
#pragma once

#include "kernel/epoll.h"
#include "kernel/file_lock.h"
#include "kernel/host_stream.h"
#include "kernel/loopback.h"
#include "kernel/notify.h"
#include "kernel/pty.h"
#include "kernel/quota.h"
#include "kernel/socket_unix.h"
#include "kernel/tool_device.h"
#include "vfs/inode.h"

namespace cloche::kernel {

struct KernelLimits;

class IoState {
 public:
  explicit IoState(Kernel& kernel) : kernel_(kernel), terminals_(kernel) {}
  ~IoState();
  IoState(const IoState&) = delete;
  IoState& operator=(const IoState&) = delete;

  HostPoller& host() { return host_; }
  PtyTable& terminals() { return terminals_; }
  SocketSet& sockets() { return sockets_; }
  UnixNames& unix_names() { return unix_names_; }
  Loopback& loopback() { return loopback_; }
  LockWaits& lock_waits() { return lock_waits_; }
  const Ref<PipeMemory>& pipe_memory() { return pipe_memory_; }
  const Ref<Quota>& lock_records() { return lock_records_; }
  // What sockets take: themselves, and bytes that were sent and nobody has received.
  Quota& socket_bytes() { return socket_bytes_; }
  // Parameters and results of tool calls.
  Quota& tool_bytes() { return tool_bytes_; }
  // Timers that are files, and those of timer_create(2).
  const Ref<Quota>& timers() const { return timers_; }
  // Watches of epoll sets, and of inotify instances.
  const Ref<Quota>& watches() const { return watches_; }
  NotifyQuotas notify_quotas() const { return {notify_instances_, watches_, notify_bytes_}; }
  NotifyNames& notify_names() { return notify_names_; }
  EpollQuotas epoll_quotas() const { return {watches_, nested_sets_}; }
  // `outer` counts, too; null: there is none. Before anything is made.
  void set_outer(const IoState* outer);
  void set_limits(const KernelLimits& limits);
  // Output that is kept for the host.
  const Ref<ByteCount>& captured() const { return captured_; }
  // Host memory that buffers hold now.
  uint64_t buffer_bytes() const {
    return pipe_memory_->resident + socket_bytes_.used() + tool_bytes_.used() + captured_->bytes +
           notify_bytes_->used();
  }

  // What stands behind timers and watches, an estimate. Those of sandboxes inside are in it.
  uint64_t object_bytes() const {
    constexpr uint64_t kTimerBytes = 320, kWatchBytes = 288;
    return timers_->used() * kTimerBytes + watches_->used() * kWatchBytes;
  }

  // A new inode in no file system, with the next number and the present time.
  vfs::InodeRef make_inode(vfs::FileType type, uint32_t mode, const vfs::Credentials& owner);
  // A regular file in no directory, of the sandbox's memory budget (memfd_create). ENOSPC.
  SysResult<vfs::InodeRef> make_memory_file(const vfs::Credentials& owner);
  // The root of /dev/shm.
  vfs::InodeRef shared_memory_root();
  // Capacity of a new pipe: at most 64 KiB, a power of two.
  uint64_t pipe_capacity() const;
  // What F_SETPIPE_SZ may ask for.
  uint64_t max_pipe_capacity() const;

 private:
  Kernel& kernel_;
  uint64_t next_inode_ = 1;
  HostPoller host_;
  PtyTable terminals_;
  SocketSet sockets_;
  UnixNames unix_names_;
  Loopback loopback_;
  LockWaits lock_waits_;
  static constexpr uint64_t kMaxLockRecords = 65'536, kMaxSocketBytes = 64 << 20,
                            kMaxNestedSets = 1024, kMaxNotifyInstances = 128,
                            kMaxNotifyBytes = 8 << 20;
  Ref<PipeMemory> pipe_memory_ = make_ref<PipeMemory>();
  Ref<Quota> lock_records_ = make_ref<Quota>(kMaxLockRecords);
  const Ref<Quota> timers_ = make_ref<Quota>(0u), watches_ = make_ref<Quota>(0u);
  const Ref<Quota> notify_instances_ = make_ref<Quota>(kMaxNotifyInstances);
  const Ref<Quota> notify_bytes_ = make_ref<Quota>(kMaxNotifyBytes);
  NotifyNames notify_names_;
  const Ref<Quota> nested_sets_ = make_ref<Quota>(kMaxNestedSets);
  const Ref<ByteCount> captured_ = make_ref<ByteCount>();
  Quota socket_bytes_{kMaxSocketBytes};
  Quota tool_bytes_{kMaxToolBytes};
  vfs::InodeRef shared_memory_;  // made at the first use
};

// One more of a quota was refused to `process`: tells the sandbox of the process, or the one around
// it, whose limit that is; nobody if there is room in all of them.
using QuotaOf = const Ref<Quota>& (IoState::*)() const;
void tell_full(Process& process, QuotaOf quota, const char* limit);

}  // namespace cloche::kernel
