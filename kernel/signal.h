// Signals: numbers, sets, dispositions, pending queues. Linux asm-generic.
#pragma once

#include <array>
#include <cstdint>
#include <deque>

namespace cloche::kernel {

enum Signal : int32_t {
  kSigHup = 1, kSigInt, kSigQuit, kSigIll, kSigTrap, kSigAbrt, kSigBus, kSigFpe, kSigKill, kSigUsr1,
  kSigSegv, kSigUsr2, kSigPipe, kSigAlrm, kSigTerm, kSigStkFlt, kSigChld, kSigCont, kSigStop,
  kSigTstp, kSigTtin, kSigTtou, kSigUrg, kSigXcpu, kSigXfsz, kSigVtAlrm, kSigProf, kSigWinch,
  kSigIo, kSigPwr, kSigSys, kSignalCount = 64,
};

using SignalSet = uint64_t;  // bit (signo - 1)
constexpr SignalSet signal_bit(int32_t signo) { return SignalSet{1} << (signo - 1); }
inline constexpr SignalSet kUnblockable = (SignalSet{1} << 8) | (SignalSet{1} << 18);  // KILL, STOP

// struct k_sigaction of the guest ABI.
struct SignalAction {
  uint32_t handler = 0;  // 0 SIG_DFL, 1 SIG_IGN, else a table index >= 16
  uint32_t flags = 0;    // SA_*
  uint64_t mask = 0;
};
static_assert(sizeof(SignalAction) == 16);

enum SignalFlags : uint32_t {
  kSaNoCldStop = 1, kSaNoCldWait = 2, kSaSigInfo = 4, kSaOnStack = 0x08000000,
  kSaRestart = 0x10000000, kSaNoDefer = 0x40000000, kSaResetHand = 0x80000000,
};

// What siginfo_t carries of a pending signal.
struct SignalInfo {
  int32_t signo = 0, code = 0, error = 0;
  int32_t pid = 0;
  uint32_t uid = 0;
  int32_t status = 0;      // SIGCHLD
  uint32_t value = 0;      // sigqueue, timers
  uint32_t address = 0;    // SIGSEGV
};

// Standard signals are pending once, real-time signals (>= 32) queue, up to a limit.
class PendingSignals {
 public:
  static constexpr size_t kQueueLimit = 1024;
  bool add(const SignalInfo& info);  // false: queue full (EAGAIN for sigqueue)
  SignalSet set() const { return set_; }
  // The lowest pending signal in `wanted`, taken out.
  bool take(SignalSet wanted, SignalInfo& info);
  void remove(SignalSet which);

 private:
  SignalSet set_ = 0;
  std::deque<SignalInfo> queue_;
};

}  // namespace cloche::kernel
