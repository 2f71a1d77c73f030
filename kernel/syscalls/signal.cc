// Calls of signal(7): sending, dispositions, masks, waiting for signals.
#include "kernel/open.h"
#include "kernel/process_fd.h"
#include "kernel/signal_fd.h"
#include "kernel/state.h"
#include "kernel/syscalls/handlers.h"
#include "kernel/syscalls/user_time.h"

namespace cloche::kernel {
namespace {

constexpr uint32_t kSetSize = 8;  // sizeof(kernel_sigset_t)

bool is_signal(int32_t signo) { return signo >= 1 && signo <= kSignalCount; }

bool is_valid(int32_t signo) { return signo == 0 || is_signal(signo); }  // 0 only asks

SignalInfo from_user(const Process& sender, int32_t signo, int32_t code) {
  SignalInfo info;
  info.signo = signo;
  info.code = code;
  info.pid = sender.pid;
  info.uid = sender.credentials.uid;
  return info;
}

// All processes of a sandbox have one user, so whoever exists may be signalled.
SysResult<int32_t> kill_one(Call& call, int32_t pid, int32_t signo) {
  Process* target = call.kernel().find(pid);
  if (!target) return Errno::kSRCH;
  if (!is_valid(signo)) return Errno::kINVAL;
  if (signo == 0) return 0;
  TRY(call.kernel().send_signal(*target, from_user(call.process(), signo, kSiUser)));
  return 0;
}

SysResult<int32_t> kill_many(Call& call, int32_t pgid, int32_t signo) {
  bool found = false;
  for (Process* process : call.kernel().all_processes()) {
    const bool all_others = pgid == 0 && process != &call.process();
    if (!all_others && (pgid == 0 || process->pgid != pgid)) continue;
    found = true;
    if (!is_valid(signo)) return Errno::kINVAL;
    if (signo != 0)
      (void)call.kernel().send_signal(*process, from_user(call.process(), signo, kSiUser));
  }
  if (!found) return Errno::kSRCH;
  return 0;
}

SysResult<int32_t> kill_thread(Call& call, int32_t pid, int32_t tid, int32_t signo) {
  const auto& threads = call.kernel().state().threads;
  const auto found = threads.find(tid);
  if (found == threads.end()) return Errno::kSRCH;
  Thread& thread = *found->second;
  if (pid != 0 && thread.process->pid != pid) return Errno::kSRCH;
  if (!is_valid(signo)) return Errno::kINVAL;
  if (signo == 0) return 0;
  TRY(call.kernel().send_signal(thread, from_user(call.process(), signo, kSiTkill)));
  return 0;
}

// A signal whose siginfo the sender made up.
SysResult<int32_t> send_info(Call& call, Process& target, int32_t signo,
                             const GuestSignalInfo& given) {
  if (!is_valid(signo)) return Errno::kINVAL;
  if (signo == 0) return 0;
  SignalInfo sent;
  sent.signo = signo;
  sent.error = given.error;
  sent.code = given.code;
  sent.pid = static_cast<int32_t>(given.first);
  sent.uid = given.second;
  sent.value = given.third;
  sent.status = static_cast<int32_t>(given.third);
  TRY(call.kernel().send_signal(target, sent));
  return 0;
}

// Codes from 0 up are the kernel's own; another process must not be deceived by them.
bool deceives(const GuestSignalInfo& given) { return given.code >= 0 || given.code == kSiTkill; }

}  // namespace

SysResult<int32_t> sys_kill(Call& call, int32_t pid, int32_t signo) {
  if (pid > 0) return kill_one(call, pid, signo);
  if (pid == 0) return kill_many(call, call.process().pgid, signo);
  if (pid == -1) return kill_many(call, 0, signo);
  if (pid == INT32_MIN) return Errno::kSRCH;
  return kill_many(call, -pid, signo);
}

SysResult<int32_t> sys_tkill(Call& call, int32_t tid, int32_t signo) {
  if (tid <= 0) return Errno::kINVAL;
  return kill_thread(call, 0, tid, signo);
}

SysResult<int32_t> sys_tgkill(Call& call, int32_t pid, int32_t tid, int32_t signo) {
  if (pid <= 0 || tid <= 0) return Errno::kINVAL;
  return kill_thread(call, pid, tid, signo);
}

SysResult<int32_t> sys_rt_sigqueueinfo(Call& call, int32_t pid, int32_t signo, UserPtr info) {
  const auto given = TRY(call.get<GuestSignalInfo>(info));
  if (deceives(given) && pid != call.process().pid) return Errno::kPERM;
  Process* target = call.kernel().find(pid);
  if (!target) return Errno::kSRCH;
  return send_info(call, *target, signo, given);
}

SysResult<int32_t> sys_pidfd_send_signal(Call& call, Fd fd, int32_t signo, UserPtr info,
                                         uint32_t flags) {
  enum : uint32_t { kThread = 1, kProcess = 2, kGroup = 4 };
  if (flags > kGroup || (flags & (flags - 1)) != 0) return Errno::kINVAL;
  const FileRef file = TRY(call.process().fds->get(fd));
  if (file->kind() != FileKind::kProcess) return Errno::kBADF;
  Process* target = static_cast<ProcessFile&>(*file).process();
  GuestSignalInfo given;
  if (info) {
    given = TRY(call.get<GuestSignalInfo>(info));
    if (given.signo != signo) return Errno::kINVAL;
    if (deceives(given) && target != &call.process()) return Errno::kPERM;
  }
  if (!target) return Errno::kSRCH;
  if (flags == kGroup) return kill_many(call, target->pid, signo);
  if (info) return send_info(call, *target, signo, given);
  if (flags == kThread) return kill_thread(call, target->pid, target->pid, signo);
  return kill_one(call, target->pid, signo);
}

SysResult<int32_t> sys_signalfd4(Call& call, Fd fd, UserPtr mask_at, uint32_t size,
                                 uint32_t flags) {
  if (size != kSetSize) return Errno::kINVAL;
  const SignalSet mask = TRY(call.get<SignalSet>(mask_at)) & ~kUnblockable;
  if (flags & ~uint32_t{kCloseOnExec | kNonBlock}) return Errno::kINVAL;
  if (fd == Fd{-1}) return install(call, make_ref<SignalFile>(call.kernel(), mask, flags), flags);
  const FileRef file = TRY(call.process().fds->get(fd));
  if (file->kind() != FileKind::kSignals) return Errno::kINVAL;
  static_cast<SignalFile&>(*file).set_mask(mask);
  return static_cast<int32_t>(fd);
}

SysResult<int32_t> sys_rt_sigaction(Call& call, int32_t signo, UserPtr set, UserPtr old,
                                    uint32_t size) {
  if (size != kSetSize || !is_signal(signo)) return Errno::kINVAL;
  Process& process = call.process();
  SignalAction& action = process.actions[static_cast<size_t>(signo - 1)];
  const SignalAction before = action;
  if (set) {
    SignalAction wanted = TRY(call.get<SignalAction>(set));
    if (signal_bit(signo) & kUnblockable) return Errno::kINVAL;
    if (old) TRY(call.bytes_out(old, sizeof before));
    wanted.mask &= ~kUnblockable;
    action = wanted;
    const bool drops = wanted.handler == 1 ||
                       (wanted.handler == 0 &&
                        (default_action(signo) == DefaultAction::kIgnore || signo == kSigCont));
    if (drops) {
      process.pending.remove(signal_bit(signo));
      for (auto& thread : process.threads) thread->pending.remove(signal_bit(signo));
    }
    act_on_pending(call.kernel(), process);
  }
  if (old) TRY(call.put(old, before));
  return 0;
}

SysResult<int32_t> sys_rt_sigprocmask(Call& call, int32_t how, UserPtr set, UserPtr old,
                                      uint32_t size) {
  if (size != kSetSize) return Errno::kINVAL;
  Thread& thread = call.thread();
  const SignalSet before = thread.blocked;
  if (set) {
    const auto given = TRY(call.get<SignalSet>(set));
    if (old) TRY(call.bytes_out(old, sizeof before));
    if (how < 0 || how > 2) return Errno::kINVAL;
    const SignalSet mask = how == 0 ? before | given : how == 1 ? before & ~given : given;
    set_mask(call.kernel(), thread, mask);
  }
  if (old) TRY(call.put(old, before));
  return 0;
}

SysResult<int32_t> sys_rt_sigpending(Call& call, UserPtr set, uint32_t size) {
  if (size > kSetSize) return Errno::kINVAL;
  const Thread& thread = call.thread();
  const SignalSet pending = (thread.pending.set() | call.process().pending.set()) & thread.blocked;
  const auto out = TRY(call.bytes_out(set, size));
  std::memcpy(out.data(), &pending, size);
  return 0;
}

SysResult<int32_t> sys_rt_sigsuspend(Call& call, UserPtr mask, uint32_t size) {
  if (size != kSetSize) return Errno::kINVAL;
  if (!call.retried()) {
    const auto wanted = TRY(call.get<SignalSet>(mask));
    call.kernel().swap_mask_in(call.thread(), wanted);
    // The mask may have let a signal through that ends or stops the process.
    if (call.process().exiting) return Errno::kINTR;
  }
  return call.block({}, Call::kNoDeadline, OnSignal::kInterrupt);
}

SysResult<int32_t> sys_rt_sigtimedwait_time64(Call& call, UserPtr set, UserPtr info,
                                              UserPtr timeout, uint32_t size) {
  if (size != kSetSize) return Errno::kINVAL;
  Thread& thread = call.thread();
  thread.waited = 0;
  const SignalSet wanted = TRY(call.get<SignalSet>(set)) & ~kUnblockable;
  if (!call.retried()) {
    int64_t deadline = Call::kNoDeadline;
    if (timeout) {
      const int64_t wait = TRY(get_nanoseconds(call, timeout));
      deadline = deadline_after(call.kernel().clock().monotonic_ns(), wait);
    }
    call.scratch().deadline = deadline;
  }
  SignalInfo taken;
  if (thread.pending.take(wanted, taken) || call.process().pending.take(wanted, taken)) {
    if (info) TRY(call.put(info, to_guest(taken)));
    return taken.signo;
  }
  const int64_t deadline = call.scratch().deadline;
  if (call.timed_out() ||
      (deadline != Call::kNoDeadline && deadline <= call.kernel().clock().monotonic_ns()))
    return Errno::kAGAIN;
  const Errno blocked = call.block({}, deadline, OnSignal::kInterrupt);
  if (blocked == Errno::kSUSPEND) thread.waited = wanted;
  return blocked;
}

SysResult<int32_t> sys_sigaltstack(Call& call, UserPtr set, UserPtr old) {
  constexpr uint32_t kDisable = 2, kAutoDisarm = 1u << 31;
  constexpr uint32_t kMinimum = 2048;  // MINSIGSTKSZ
  auto& stack = call.thread().alternate_stack;
  const auto before = stack;
  if (set) {
    // Handlers run on the program's own stack (docs/signals.md); the setting is kept for whoever
    // asks for it.
    auto wanted = TRY(call.get<Thread::AlternateStack>(set));
    if (old) TRY(call.bytes_out(old, sizeof before));
    const uint32_t mode = wanted.flags & ~kAutoDisarm;
    if (mode != 0 && mode != 1 && mode != kDisable) return Errno::kINVAL;
    if (mode == kDisable)
      wanted = Thread::AlternateStack{};
    else if (wanted.size < kMinimum)
      return Errno::kNOMEM;
    else
      wanted.flags &= ~1u;
    stack = wanted;
  }
  if (old) TRY(call.put(old, before));
  return 0;
}

}  // namespace cloche::kernel
