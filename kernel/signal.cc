#include "kernel/signal.h"

#include <bit>

#include "kernel/state.h"

namespace cloche::kernel {

bool PendingSignals::add(const SignalInfo& info) {
  const SignalSet bit = signal_bit(info.signo);
  if (info.signo < 32) {
    if (set_ & bit) return true;  // one instance is enough
  } else if (queue_.size() >= kQueueLimit) {
    return false;
  }
  set_ |= bit;
  queue_.push_back(info);
  return true;
}

bool PendingSignals::take(SignalSet wanted, SignalInfo& info) {
  const SignalSet found = set_ & wanted;
  if (!found) return false;
  const int32_t signo = std::countr_zero(found) + 1;
  bool taken = false, more = false;
  for (auto entry = queue_.begin(); entry != queue_.end();) {
    if (entry->signo != signo) {
      ++entry;
    } else if (!taken) {
      info = *entry;
      taken = true;
      entry = queue_.erase(entry);
    } else {
      more = true;
      break;
    }
  }
  if (!more) set_ &= ~signal_bit(signo);
  return true;
}

void PendingSignals::remove(SignalSet which) {
  if (!(set_ & which)) return;
  set_ &= ~which;
  std::erase_if(queue_, [which](const SignalInfo& info) { return which & signal_bit(info.signo); });
}

DefaultAction default_action(int32_t signo) {
  switch (signo) {
    case kSigChld:
    case kSigUrg:
    case kSigWinch:
      return DefaultAction::kIgnore;
    case kSigCont:
      return DefaultAction::kContinue;
    case kSigStop:
    case kSigTstp:
    case kSigTtin:
    case kSigTtou:
      return DefaultAction::kStop;
    default:
      return DefaultAction::kTerminate;
  }
}

const char* signal_name(int32_t signo) {
  static constexpr const char* kNames[] = {
      "SIG0",      "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",   "SIGTRAP", "SIGABRT", "SIGBUS",
      "SIGFPE",    "SIGKILL", "SIGUSR1",   "SIGSEGV", "SIGUSR2",  "SIGPIPE", "SIGALRM", "SIGTERM",
      "SIGSTKFLT", "SIGCHLD", "SIGCONT",   "SIGSTOP", "SIGTSTP",  "SIGTTIN", "SIGTTOU", "SIGURG",
      "SIGXCPU",   "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",   "SIGPWR",  "SIGSYS",
      "SIG32",     "SIG33",   "SIG34",     "SIG35",   "SIG36",    "SIG37",   "SIG38",   "SIG39",
      "SIG40",     "SIG41",   "SIG42",     "SIG43",   "SIG44",    "SIG45",   "SIG46",   "SIG47",
      "SIG48",     "SIG49",   "SIG50",     "SIG51",   "SIG52",    "SIG53",   "SIG54",   "SIG55",
      "SIG56",     "SIG57",   "SIG58",     "SIG59",   "SIG60",    "SIG61",   "SIG62",   "SIG63",
      "SIG64"};
  return signo >= 0 && signo <= kSignalCount ? kNames[signo] : "SIG?";
}

GuestSignalInfo to_guest(const SignalInfo& info) {
  GuestSignalInfo guest;
  guest.signo = info.signo;
  guest.error = info.error;
  guest.code = info.code;
  if (info.code == kSiTimer) {
    guest.first = static_cast<uint32_t>(info.pid);      // timer id
    guest.second = static_cast<uint32_t>(info.status);  // overrun
    guest.third = info.value;
  } else if (info.address != 0) {
    guest.first = info.address;
  } else {
    guest.first = static_cast<uint32_t>(info.pid);
    guest.second = info.uid;
    guest.third = info.signo == kSigChld ? static_cast<uint32_t>(info.status) : info.value;
  }
  return guest;
}

namespace {

constexpr uint32_t kHandlerDefault = 0, kHandlerIgnore = 1;

const SignalAction& action_of(const Process& process, int32_t signo) {
  return process.actions[static_cast<size_t>(signo - 1)];
}

bool is_caught(const Process& process, int32_t signo) {
  return action_of(process, signo).handler > kHandlerIgnore;
}

bool is_ignored(const Process& process, int32_t signo) {
  const uint32_t handler = action_of(process, signo).handler;
  if (handler == kHandlerIgnore) return true;
  if (handler != kHandlerDefault) return false;
  const DefaultAction action = default_action(signo);
  return action == DefaultAction::kIgnore || action == DefaultAction::kContinue;
}

// Signals of `candidates` for which the process has a handler.
SignalSet caught_of(const Process& process, SignalSet candidates) {
  SignalSet caught = 0;
  for (SignalSet rest = candidates; rest; rest &= rest - 1) {
    const int32_t signo = std::countr_zero(rest) + 1;
    if (is_caught(process, signo)) caught |= signal_bit(signo);
  }
  return caught;
}

SignalSet deliverable(const Thread& thread) {
  const SignalSet pending = thread.pending.set() | thread.process->pending.set();
  if (!pending) return 0;
  return caught_of(*thread.process, pending & ~thread.blocked);
}

// A signal that no thread blocks or waits for and that nobody handles vanishes at once.
bool vanishes(const Thread& thread, int32_t signo) {
  const SignalSet bit = signal_bit(signo);
  return !(thread.blocked & bit) && !(thread.waited & bit) && is_ignored(*thread.process, signo);
}

void terminate(Kernel& kernel, Process& process, int32_t signo) {
  begin_exit(kernel, process, signo);
}

// A blocked thread looks at its call again; it finds the signal there.
void interrupt(Kernel& kernel, Thread& thread) {
  if (!thread.held && !thread.deaf) kernel.make_ready(thread);
}

// The action of one signal that `thread` does not block, when it has no handler. True: the signal
// is used up.
bool act_by_default(Kernel& kernel, Process& process, int32_t signo) {
  if (is_ignored(process, signo)) return true;
  if (default_action(signo) == DefaultAction::kStop) {
    if (signo != kSigStop && kernel.group_is_orphaned(process.pgid)) return true;
    stop_process(kernel, process, signo);
    return true;
  }
  terminate(kernel, process, signo);
  return true;
}

// What every arrival does, whoever it is for. False: nothing more to do.
bool prepare(Kernel& kernel, Process& process, int32_t signo) {
  if (process.life == Process::State::kZombie || process.exiting) return false;
  if (signo == kSigCont) {
    process.pending.remove(kStopSignals);
    for (auto& thread : process.threads) thread->pending.remove(kStopSignals);
    continue_process(kernel, process);
  } else if (signal_bit(signo) & kStopSignals) {
    process.pending.remove(signal_bit(kSigCont));
    for (auto& thread : process.threads) thread->pending.remove(signal_bit(kSigCont));
  }
  return !process.exiting;
}

// `signo` was made pending and `thread` may take it.
void arrived(Kernel& kernel, Thread& thread, int32_t signo) {
  Process& process = *thread.process;
  const SignalSet bit = signal_bit(signo);
  if (thread.blocked & bit) {
    if (thread.waited & bit) interrupt(kernel, thread);
    return;
  }
  if (is_caught(process, signo)) {
    interrupt(kernel, thread);
  } else if (!process.stopped) {
    act_on_pending(kernel, process);
  }
}

Thread* receiver(Process& process, int32_t signo) {
  const SignalSet bit = signal_bit(signo);
  for (auto& thread : process.threads)
    if (!(thread->blocked & bit) || (thread->waited & bit)) return thread.get();
  return nullptr;
}

bool take_defaults(Kernel& kernel, Process& process, PendingSignals& pending, SignalSet blocked) {
  const SignalSet wanted = pending.set() & ~blocked;
  const SignalSet defaults = wanted & ~caught_of(process, wanted);
  // The signals that end the process go first: the others do not matter then.
  SignalInfo info;
  for (SignalSet rest = defaults; rest && !process.exiting; rest &= rest - 1) {
    const int32_t signo = std::countr_zero(rest) + 1;
    if (!is_ignored(process, signo) && default_action(signo) == DefaultAction::kTerminate)
      terminate(kernel, process, signo);
  }
  while (!process.exiting && !process.stopped && pending.take(defaults, info))
    act_by_default(kernel, process, info.signo);
  return process.exiting;
}

}  // namespace

SysResult<Unit> Kernel::send_signal(Process& process, const SignalInfo& info) {
  if (!prepare(*this, process, info.signo) || process.threads.empty()) return Unit{};
  if (info.signo == kSigKill) {
    terminate(*this, process, kSigKill);
    return Unit{};
  }
  if (vanishes(*process.threads.front(), info.signo)) return Unit{};
  if (!process.pending.add(info)) return Errno::kAGAIN;
  process.signal_arrived.wake_for(kPollIn);
  if (Thread* thread = receiver(process, info.signo)) arrived(*this, *thread, info.signo);
  return Unit{};
}

SysResult<Unit> Kernel::send_signal(Thread& thread, const SignalInfo& info) {
  Process& process = *thread.process;
  if (!prepare(*this, process, info.signo)) return Unit{};
  if (info.signo == kSigKill) {
    terminate(*this, process, kSigKill);
    return Unit{};
  }
  if (vanishes(thread, info.signo)) return Unit{};
  if (!thread.pending.add(info)) return Errno::kAGAIN;
  process.signal_arrived.wake_for(kPollIn);
  arrived(*this, thread, info.signo);
  return Unit{};
}

bool Kernel::signal_deliverable(const Thread& thread) const { return deliverable(thread) != 0; }

void Kernel::signal_group(int32_t pgid, const SignalInfo& info) {
  for (Process* process : all_processes())
    if (process->pgid == pgid) (void)send_signal(*process, info);
}

void act_on_pending(Kernel& kernel, Process& process) {
  if (process.exiting || process.stopped || process.threads.empty()) return;
  SignalSet blocked_by_all = ~SignalSet{0};
  for (auto& thread : process.threads) {
    blocked_by_all &= thread->blocked;
    if (take_defaults(kernel, process, thread->pending, thread->blocked)) return;
  }
  (void)take_defaults(kernel, process, process.pending, blocked_by_all);
}

namespace {

// Linux pushes a handler frame for each signal that is pending, lowest number first, and each
// frame's mask holds back those it blocks; so the last one pushed runs first. This finds that one,
// and the mask under which it runs. The others stay pending, blocked until it returns.
struct NextHandler {
  int32_t signo = 0;
  SignalSet mask = 0;
  bool last = true;  // no other is waiting behind it
};

NextHandler next_handler(const Thread& thread) {
  const Process& process = *thread.process;
  NextHandler next;
  next.mask = thread.blocked;
  SignalSet seen = 0;
  for (;;) {
    SignalSet candidates = caught_of(process, thread.pending.set() & ~next.mask & ~seen);
    if (!candidates) candidates = caught_of(process, process.pending.set() & ~next.mask & ~seen);
    if (!candidates) break;
    next.last = next.signo == 0;
    next.signo = std::countr_zero(candidates) + 1;
    const SignalAction& action = action_of(process, next.signo);
    const SignalSet bit = signal_bit(next.signo);
    next.mask |= action.mask | seen;
    if (!(action.flags & kSaNoDefer)) next.mask |= bit;
    seen |= bit;
  }
  next.mask &= ~kUnblockable;
  return next;
}

}  // namespace

bool take_caught(Kernel& kernel, Thread& thread, SignalInfo& info, SignalAction& action,
                 SignalSet& old_mask) {
  Process& process = *thread.process;
  const NextHandler next = next_handler(thread);
  if (next.signo == 0) return false;
  const SignalSet bit = signal_bit(next.signo);
  if (!thread.pending.take(bit, info)) (void)process.pending.take(bit, info);
  SignalAction& current = process.actions[static_cast<size_t>(info.signo - 1)];
  action = current;
  old_mask = thread.blocked;
  if (thread.restore_mask && next.last) {
    old_mask = thread.saved_mask;
    thread.restore_mask = false;
  }
  thread.blocked = next.mask;
  if (action.flags & kSaResetHand) current = SignalAction{};
  act_on_pending(kernel, process);
  return true;
}

namespace {

// Does the guest's signal word say something else than what holds for `thread`?
bool signal_word_is_stale(Thread& thread, int32_t& wanted) {
  if (!thread.process->sigword) return false;
  wanted = deliverable(thread) != 0;
  return address_space_of(*thread.process).signal_word != wanted;
}

void write_signal_word(Thread& thread, const engine::MemoryView& memory, int32_t value) {
  const uint32_t address = thread.process->sigword;
  if (uint64_t{address} + sizeof value > memory.size) return;
  std::memcpy(memory.data + address, &value, sizeof value);
  address_space_of(*thread.process).signal_word = value;
}

}  // namespace

void refresh_signal_word(Thread& thread, engine::Context& context) {
  int32_t wanted;
  if (signal_word_is_stale(thread, wanted)) write_signal_word(thread, context.memory(), wanted);
}

void refresh_signal_word(Thread& thread, engine::Call& call) {
  int32_t wanted;
  if (signal_word_is_stale(thread, wanted)) write_signal_word(thread, call.memory(), wanted);
}

void set_mask(Kernel& kernel, Thread& thread, SignalSet mask) {
  thread.blocked = mask & ~kUnblockable;
  act_on_pending(kernel, *thread.process);
}

void Kernel::swap_mask_in(Thread& thread, SignalSet mask) {
  thread.saved_mask = thread.blocked;
  thread.restore_mask = true;
  set_mask(*this, thread, mask);
}

void Kernel::swap_mask_back(Thread& thread) {
  if (!thread.restore_mask) return;
  thread.restore_mask = false;
  set_mask(*this, thread, thread.saved_mask);
}

}  // namespace cloche::kernel
