// Processes and threads: identity, groups, sessions, scheduling attributes, limits, usage. Waiting
// and exec are in process_wait.cc and process_exec.cc, futexes in process_futex.cc.
#include <algorithm>

#include "kernel/open.h"
#include "kernel/process_fd.h"
#include "kernel/state.h"
#include "kernel/syscalls/handlers.h"
#include "kernel/syscalls/user_rusage.h"
#include "kernel/syscalls/user_time.h"

namespace cloche::kernel {
namespace {

Process* process_or_self(Call& call, int32_t pid) {
  if (pid == 0 || pid == call.process().pid) return &call.process();
  return pid < 0 ? nullptr : call.kernel().find(pid);
}

Thread* thread_or_self(Call& call, int32_t tid) {
  if (tid == 0) return &call.thread();
  const auto& threads = call.kernel().state().threads;
  const auto found = threads.find(tid);
  return found == threads.end() ? nullptr : found->second;
}

SysResult<Unit> check_thread(Call& call, int32_t tid) {
  if (tid < 0) return Errno::kINVAL;
  if (!thread_or_self(call, tid)) return Errno::kSRCH;
  return Unit{};
}

// Text of the guest, shown in logs and /proc: up to 15 bytes before the NUL.
SysResult<std::string> task_name(Call& call, UserPtr at) {
  constexpr uint32_t kLongest = 15;
  std::string name;
  for (uint32_t i = 0; i < kLongest; ++i) {
    const char c = TRY(call.get<char>({at.address + i}));
    if (c == '\0') break;
    name.push_back(c);
  }
  return name;
}

}  // namespace

// --- identity

SysResult<int32_t> sys_getpid(Call& call) { return call.process().pid; }
SysResult<int32_t> sys_gettid(Call& call) { return call.thread().tid; }
SysResult<int32_t> sys_getppid(Call& call) {
  const Process* parent = call.process().parent;
  return parent ? parent->pid : 1;
}

SysResult<int32_t> sys_set_tid_address(Call& call, UserPtr address) {
  call.thread().clear_child_tid = address.address;
  return call.thread().tid;
}

SysResult<int32_t> sys_set_robust_list(Call& call, UserPtr head, uint32_t size) {
  if (size != 12) return Errno::kINVAL;  // sizeof(struct robust_list_head), ILP32
  call.thread().robust_list = head.address;
  return 0;
}

SysResult<int32_t> sys_get_robust_list(Call& call, int32_t tid, UserPtr head, UserPtr size) {
  const Thread* thread = thread_or_self(call, tid);
  if (!thread) return Errno::kSRCH;
  TRY(call.put(size, uint32_t{12}));
  TRY(call.put(head, thread->robust_list));
  return 0;
}

SysResult<int32_t> sys_personality(Call&, uint32_t persona) {
  if (persona != 0 && persona != UINT32_MAX) return Errno::kINVAL;
  return 0;
}

SysResult<int32_t> sys_uname(Call& call, UserPtr name) {
  struct {
    char system[65], node[65], release[65], version[65], machine[65], domain[65];
  } value{};
  const auto set = [](char (&field)[65], const std::string& text) {
    std::memcpy(field, text.data(), std::min(text.size(), sizeof field - 1));
  };
  set(value.system, "Linux");
  set(value.node, call.kernel().options().hostname);
  set(value.release, "6.1.0-cloche");
  set(value.version, "#1 Cloche");
  set(value.machine, "wasm32");
  set(value.domain, "(none)");
  TRY(call.put(name, value));
  return 0;
}

SysResult<int32_t> sys_sysinfo(Call& call, UserPtr info) {
  struct {
    int32_t uptime;
    uint32_t loads[3], total_memory, free_memory, shared, buffers, total_swap, free_swap;
    uint16_t processes, pad;
    uint32_t total_high, free_high, unit;
    uint8_t rest[8];
  } value{};
  static_assert(sizeof value == 64);
  Kernel& kernel = call.kernel();
  const uint64_t total = kernel.options().limits.memory;
  const uint64_t used = std::min(total, kernel.usage().memory.total());
  value.unit = 4096;
  value.total_memory = static_cast<uint32_t>(std::min<uint64_t>(total / 4096, UINT32_MAX));
  value.free_memory = static_cast<uint32_t>(std::min<uint64_t>((total - used) / 4096, UINT32_MAX));
  const int64_t up = kernel.clock().monotonic_ns() - kernel.state().start_ns;
  value.uptime = static_cast<int32_t>(kernel.guest_clock().round(up) / kNanosecondsPerSecond);
  value.processes =
      static_cast<uint16_t>(std::min<size_t>(kernel.state().tasks.used(), UINT16_MAX));
  TRY(call.put(info, value));
  return 0;
}

SysResult<int32_t> sys_prctl(Call& call, int32_t option, uint32_t arg2, uint32_t, uint32_t,
                             uint32_t) {
  enum : int32_t {
    kSetName = 15,
    kGetName = 16,
    kGetDumpable = 3,
    kSetDumpable = 4,
    kSetNoNewPrivs = 38,
    kGetNoNewPrivs = 39
  };
  Thread& thread = call.thread();
  switch (option) {
    case kSetName:
      thread.name = TRY(task_name(call, {arg2}));
      if (&thread == call.process().main_thread()) call.process().name = thread.name;
      return 0;
    case kGetName: {
      char name[16] = {};
      std::memcpy(name, thread.name.data(), std::min<size_t>(thread.name.size(), 15));
      TRY(call.put({arg2}, name));
      return 0;
    }
    case kGetDumpable:
      return call.process().dumpable ? 1 : 0;
    case kSetDumpable:
      if (arg2 > 1) return Errno::kINVAL;
      call.process().dumpable = arg2 == 1;
      return 0;
    case kSetNoNewPrivs:  // there are no privileges to gain
      if (arg2 != 1) return Errno::kINVAL;
      return 0;
    case kGetNoNewPrivs:
      return 1;
    default:
      return Errno::kINVAL;
  }
}

SysResult<int32_t> sys_getcpu(Call& call, UserPtr cpu, UserPtr node, UserPtr) {
  if (cpu) TRY(call.put(cpu, 0));
  if (node) TRY(call.put(node, 0));
  return 0;
}

// --- groups and sessions (setpgid(2), setsid(2))

SysResult<int32_t> sys_setpgid(Call& call, int32_t pid, int32_t pgid) {
  if (pgid < 0) return Errno::kINVAL;
  Process& self = call.process();
  Process* target = process_or_self(call, pid);
  if (!target) return Errno::kSRCH;
  if (target != &self && target->parent != &self) return Errno::kSRCH;
  if (target != &self && target->sid != self.sid) return Errno::kPERM;
  if (target != &self && target->did_exec) return Errno::kACCES;
  if (target->sid == target->pid) return Errno::kPERM;
  if (pgid == 0) pgid = target->pid;
  if (pgid != target->pid) {
    const auto all = call.kernel().all_processes();
    const bool exists = std::any_of(all.begin(), all.end(), [&](const Process* process) {
      return process->pgid == pgid && process->sid == self.sid;
    });
    if (!exists) return Errno::kPERM;
  }
  target->pgid = pgid;
  return 0;
}

SysResult<int32_t> sys_getpgid(Call& call, int32_t pid) {
  const Process* process = process_or_self(call, pid);
  if (!process) return Errno::kSRCH;
  return process->pgid;
}

SysResult<int32_t> sys_getsid(Call& call, int32_t pid) {
  const Process* process = process_or_self(call, pid);
  if (!process) return Errno::kSRCH;
  return process->sid;
}

SysResult<int32_t> sys_setsid(Call& call) {
  Process& self = call.process();
  for (const Process* process : call.kernel().all_processes())
    if (process->pgid == self.pid) return Errno::kPERM;
  self.sid = self.pgid = self.pid;
  self.controlling_terminal = nullptr;
  return self.sid;
}

// --- scheduling: one virtual CPU, round robin

SysResult<int32_t> sys_pidfd_open(Call& call, int32_t pid, uint32_t flags) {
  if ((flags & ~uint32_t{kNonBlock}) || pid <= 0) return Errno::kINVAL;
  Process* process = call.kernel().find(pid);
  if (!process) return call.kernel().state().threads.contains(pid) ? Errno::kINVAL : Errno::kSRCH;
  return install(call, make_ref<ProcessFile>(handle_of(*process), flags), kCloseOnExec);
}

SysResult<int32_t> sys_sched_yield(Call& call) {
  if (call.retried()) return 0;
  // Nothing to wait for: the thread stops and stands at the end of the run queue.
  return call.suspend();
}

SysResult<int32_t> sys_sched_setparam(Call& call, int32_t tid, UserPtr param) {
  TRY(check_thread(call, tid));
  if (TRY(call.get<int32_t>(param)) != 0) return Errno::kINVAL;
  return 0;
}

SysResult<int32_t> sys_sched_setscheduler(Call& call, int32_t tid, int32_t policy, UserPtr param) {
  constexpr int32_t kOther = 0, kFifo = 1, kRoundRobin = 2, kBatch = 3, kIdle = 5;
  TRY(check_thread(call, tid));
  const auto priority = TRY(call.get<int32_t>(param));
  if (policy == kFifo || policy == kRoundRobin) return Errno::kPERM;
  if ((policy != kOther && policy != kBatch && policy != kIdle) || priority != 0)
    return Errno::kINVAL;
  return 0;
}

SysResult<int32_t> sys_sched_getscheduler(Call& call, int32_t tid) {
  TRY(check_thread(call, tid));
  return 0;  // SCHED_OTHER
}

SysResult<int32_t> sys_sched_getparam(Call& call, int32_t tid, UserPtr param) {
  TRY(check_thread(call, tid));
  TRY(call.put(param, int32_t{0}));
  return 0;
}

SysResult<int32_t> sys_sched_setaffinity(Call& call, int32_t tid, uint32_t size, UserPtr mask) {
  TRY(check_thread(call, tid));
  if (size == 0) return Errno::kINVAL;
  const auto first = TRY(call.get<uint8_t>(mask));
  if (!(first & 1)) return Errno::kINVAL;  // CPU 0 is all there is
  return 0;
}

SysResult<int32_t> sys_sched_getaffinity(Call& call, int32_t tid, uint32_t size, UserPtr mask) {
  constexpr uint32_t kMaskSize = 4;
  if (size < kMaskSize || size % 4 != 0) return Errno::kINVAL;
  TRY(check_thread(call, tid));
  TRY(call.put(mask, uint32_t{1}));
  return kMaskSize;
}

SysResult<int32_t> sys_sched_get_priority_max(Call&, int32_t policy) {
  if (policy == 1 || policy == 2) return 99;
  if (policy == 0 || policy == 3 || policy == 5) return 0;
  return Errno::kINVAL;
}

SysResult<int32_t> sys_sched_get_priority_min(Call&, int32_t policy) {
  if (policy == 1 || policy == 2) return 1;
  if (policy == 0 || policy == 3 || policy == 5) return 0;
  return Errno::kINVAL;
}

SysResult<int32_t> sys_sched_rr_get_interval_time64(Call& call, int32_t tid, UserPtr interval) {
  TRY(check_thread(call, tid));
  TRY(call.put(interval, to_timespec(1'000'000)));
  return 0;
}

namespace {

enum PriorityWhich : int32_t { kPriorityProcess = 0, kPriorityGroup = 1, kPriorityUser = 2 };

SysResult<std::vector<Process*>> priority_targets(Call& call, int32_t which, int32_t who) {
  std::vector<Process*> targets;
  if (which == kPriorityProcess) {
    if (Process* process = process_or_self(call, who)) targets.push_back(process);
  } else if (which == kPriorityGroup || which == kPriorityUser) {
    const int32_t group = who == 0 ? call.process().pgid : who;
    const bool own_user = who == 0 || static_cast<uint32_t>(who) == call.process().credentials.uid;
    for (Process* process : call.kernel().all_processes())
      if (which == kPriorityGroup ? process->pgid == group : own_user) targets.push_back(process);
  } else {
    return Errno::kINVAL;
  }
  if (targets.empty()) return Errno::kSRCH;
  return targets;
}

}  // namespace

SysResult<int32_t> sys_setpriority(Call& call, int32_t which, int32_t who, int32_t nice) {
  const auto targets = TRY(priority_targets(call, which, who));
  nice = std::clamp(nice, -20, 19);
  for (const Process* process : targets)
    if (nice < process->nice) return Errno::kACCES;
  for (Process* process : targets) process->nice = nice;
  return 0;
}

SysResult<int32_t> sys_getpriority(Call& call, int32_t which, int32_t who) {
  const auto targets = TRY(priority_targets(call, which, who));
  int32_t lowest = 19;
  for (const Process* process : targets) lowest = std::min(lowest, process->nice);
  return 20 - lowest;  // the raw call never answers a negative number
}

SysResult<int32_t> sys_membarrier(Call&, int32_t command, uint32_t flags, int32_t) {
  // One virtual CPU: every thread sees every write that came before it ran.
  constexpr int32_t kSupported = 1 | 8 | 16;  // GLOBAL, PRIVATE_EXPEDITED and its registration
  if (flags != 0) return Errno::kINVAL;
  if (command == 0) return kSupported;
  if (command & ~kSupported || (command & (command - 1))) return Errno::kINVAL;
  return 0;
}

// --- limits and usage

SysResult<int32_t> sys_prlimit64(Call& call, int32_t pid, uint32_t resource, UserPtr new_limit,
                                 UserPtr old_limit) {
  struct UserLimit {
    uint64_t soft, hard;
  };
  if (resource >= kResourceCount) return Errno::kINVAL;
  Process* process = process_or_self(call, pid);
  if (!process) return Errno::kSRCH;
  ResourceLimit& limit = process->limits[resource];
  const UserLimit before{limit.soft, limit.hard};
  if (new_limit) {
    const auto wanted = TRY(call.get<UserLimit>(new_limit));
    if (old_limit) TRY(call.bytes_out(old_limit, sizeof before));
    if (wanted.soft > wanted.hard) return Errno::kINVAL;
    if (wanted.hard > limit.hard) return Errno::kPERM;
    limit = {wanted.soft, wanted.hard};
    if (resource == kLimitCpu) process->next_cpu_warning_ns = 0;
  }
  if (old_limit) TRY(call.put(old_limit, before));
  return 0;
}

SysResult<int32_t> sys_getrusage(Call& call, int32_t who, UserPtr usage) {
  constexpr int32_t kSelf = 0, kChildren = -1, kThread = 1;
  Usage value;
  if (who == kChildren) {
    value = call.process().children_usage;
  } else if (who == kSelf) {
    value = usage_of(call.process());
  } else if (who == kThread) {
    value.user_ns = call.thread().cpu_ns;
  } else {
    return Errno::kINVAL;
  }
  TRY(call.put(usage, to_user(value, call.kernel().guest_clock())));
  return 0;
}

SysResult<int32_t> sys_times(Call& call, UserPtr times) {
  constexpr int64_t kTick = kNanosecondsPerSecond / 100;
  RoundedClock& clock = call.kernel().guest_clock();
  const auto ticks = [&clock](int64_t ns) { return static_cast<int32_t>(clock.round(ns) / kTick); };
  if (times) {
    const Usage own = usage_of(call.process());
    const Usage& children = call.process().children_usage;
    const int32_t value[4] = {ticks(own.user_ns), ticks(own.system_ns), ticks(children.user_ns),
                              ticks(children.system_ns)};
    TRY(call.put(times, value));
  }
  // Kept below the range of error numbers; it wraps, as clock_t of 32 bits does.
  return static_cast<int32_t>((clock.monotonic_ns() / kTick) & INT32_MAX);
}

}  // namespace cloche::kernel
