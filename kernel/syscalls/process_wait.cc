// waitid(2); the other calls of the family are made of it by libc.
#include <algorithm>

#include "kernel/address_space.h"
#include "kernel/process_fd.h"
#include "kernel/state.h"
#include "kernel/syscalls/handlers.h"
#include "kernel/syscalls/user_rusage.h"

namespace cloche::kernel {

Usage usage_of(Process& process) {
  Usage usage = process.usage;
  usage.user_ns = cpu_time(process) - usage.system_ns;
  if (process.address_space)
    usage.max_memory = std::max(usage.max_memory, address_space_of(process).granted());
  return usage;
}

void add_usage(Usage& total, const Usage& more) {
  total.user_ns += more.user_ns;
  total.system_ns += more.system_ns;
  total.voluntary += more.voluntary;
  total.involuntary += more.involuntary;
  total.max_memory = std::max(total.max_memory, more.max_memory);
}

namespace {

enum WaitOptions : uint32_t {
  kNoHang = 1,
  kStopped = 2,
  kExited = 4,
  kContinued = 8,
  kNoWait = 0x01000000,
  kNoThread = 0x20000000,
  kAll = 0x40000000,
  kCloneOnly = 0x80000000,
};
enum IdType : int32_t { kAnyChild = 0, kOnePid = 1, kGroup = 2, kDescriptor = 3 };

bool is_wanted(const Process& child, int32_t id_type, int32_t id, uint32_t options) {
  if (id_type == kOnePid && child.pid != id) return false;
  if (id_type == kGroup && child.pgid != id) return false;
  if (options & kAll) return true;
  const bool is_clone = child.exit_signal != kSigChld;
  return is_clone == ((options & kCloneOnly) != 0);
}

struct Change {
  int32_t code = 0, status = 0;
};

bool find_change(const Process& child, uint32_t options, Change& change) {
  if (child.life == Process::State::kZombie) {
    if (!(options & kExited)) return false;
    const bool exited = (child.wait_status & 0x7f) == 0;
    change.code = exited ? kCldExited : kCldKilled;
    change.status = exited ? (child.wait_status >> 8) & 0xff : child.wait_status & 0x7f;
    return true;
  }
  if (child.exiting) return false;
  if ((options & kStopped) && child.stopped && child.report_stop) {
    change = {kCldStopped, child.stop_signal};
    return true;
  }
  if ((options & kContinued) && child.report_continue) {
    change = {kCldContinued, kSigCont};
    return true;
  }
  return false;
}

void consume(Process& parent, Process& child, const Change& change) {
  if (change.code == kCldStopped) {
    child.report_stop = false;
  } else if (change.code == kCldContinued) {
    child.report_continue = false;
  } else {
    add_usage(parent.children_usage, child.usage);
    add_usage(parent.children_usage, child.children_usage);
    reap(*parent.kernel, child);
  }
}

GuestSignalInfo describe(const Process& child, const Change& change) {
  SignalInfo info;
  info.signo = kSigChld;
  info.code = change.code;
  info.pid = child.pid;
  info.uid = child.credentials.uid;
  info.status = change.status;
  return to_guest(info);
}

// Whom a descriptor of pidfd_open() means, as a pid; `no_hang` when that must not be waited for.
SysResult<int32_t> pid_of_descriptor(Call& call, int32_t fd, bool& no_hang) {
  if (fd < 0) return Errno::kINVAL;
  const FileRef file = TRY(call.process().fds->get(Fd{fd}));
  if (file->kind() != FileKind::kProcess) return Errno::kBADF;
  const Process* process = static_cast<ProcessFile&>(*file).process();
  if (!process) return Errno::kCHILD;
  no_hang = (file->flags() & kNonBlock) != 0;
  return process->pid;
}

}  // namespace

SysResult<int32_t> sys_waitid(Call& call, int32_t id_type, int32_t id, UserPtr info,
                              uint32_t options, UserPtr usage) {
  constexpr uint32_t kKnown =
      kNoHang | kStopped | kExited | kContinued | kNoWait | kNoThread | kAll | kCloneOnly;
  if ((options & ~kKnown) || !(options & (kExited | kStopped | kContinued))) return Errno::kINVAL;
  Process& self = call.process();
  bool no_hang = false;
  if (id_type == kDescriptor) {
    id = TRY(pid_of_descriptor(call, id, no_hang));
    id_type = kOnePid;
  }
  if (id_type == kOnePid ? id <= 0 : id_type == kGroup ? id < 0 : id_type != kAnyChild)
    return Errno::kINVAL;
  if (id_type == kGroup && id == 0) id = self.pgid;
  // Both are written only when a child is found, but a bad address must not lose a child.
  if (info) TRY(call.bytes_out(info, sizeof(GuestSignalInfo)));
  if (usage) TRY(call.bytes_out(usage, sizeof(UserRusage)));
  bool any = false;
  for (Process* child : self.children) {
    if (!is_wanted(*child, id_type, id, options)) continue;
    any = true;
    Change change;
    if (!find_change(*child, options, change)) continue;
    if (info) TRY(call.put(info, describe(*child, change)));
    if (usage) TRY(call.put(usage, to_user(usage_of(*child), call.kernel().guest_clock())));
    if (!(options & kNoWait)) consume(self, *child, change);
    return 0;
  }
  if (!any) return Errno::kCHILD;
  if (options & kNoHang) {
    if (info) TRY(call.put(info, GuestSignalInfo{}));
    return 0;
  }
  if (no_hang) return Errno::kAGAIN;
  return call.block({&self.child_changed});
}

}  // namespace cloche::kernel
