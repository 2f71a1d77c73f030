// Signals: numbers, sets, dispositions, pending queues. Linux asm-generic.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace cloche::kernel {

enum Signal : int32_t {
  kSigHup = 1,
  kSigInt,
  kSigQuit,
  kSigIll,
  kSigTrap,
  kSigAbrt,
  kSigBus,
  kSigFpe,
  kSigKill,
  kSigUsr1,
  kSigSegv,
  kSigUsr2,
  kSigPipe,
  kSigAlrm,
  kSigTerm,
  kSigStkFlt,
  kSigChld,
  kSigCont,
  kSigStop,
  kSigTstp,
  kSigTtin,
  kSigTtou,
  kSigUrg,
  kSigXcpu,
  kSigXfsz,
  kSigVtAlrm,
  kSigProf,
  kSigWinch,
  kSigIo,
  kSigPwr,
  kSigSys,
  kSignalCount = 64,
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
  kSaNoCldStop = 1,
  kSaNoCldWait = 2,
  kSaSigInfo = 4,
  kSaOnStack = 0x08000000,
  kSaRestart = 0x10000000,
  kSaNoDefer = 0x40000000,
  kSaResetHand = 0x80000000,
};

// What siginfo_t carries of a pending signal.
struct SignalInfo {
  int32_t signo = 0, code = 0, error = 0;
  int32_t pid = 0;
  uint32_t uid = 0;
  int32_t status = 0;    // SIGCHLD
  uint32_t value = 0;    // sigqueue, timers
  uint32_t address = 0;  // SIGSEGV
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

enum class DefaultAction : uint8_t { kTerminate, kIgnore, kStop, kContinue };
DefaultAction default_action(int32_t signo);
const char* signal_name(int32_t signo);  // "SIGTERM"; "SIGRTMIN+n" is "SIG34" and so on

inline constexpr SignalSet kStopSignals =
    signal_bit(kSigStop) | signal_bit(kSigTstp) | signal_bit(kSigTtin) | signal_bit(kSigTtou);

enum SignalCode : int32_t {
  kSiUser = 0,
  kSiKernel = 0x80,
  kSiQueue = -1,
  kSiTimer = -2,
  kSiTkill = -6,
  kCldExited = 1,
  kCldKilled = 2,
  kCldDumped = 3,
  kCldStopped = 5,
  kCldContinued = 6,
};

// siginfo_t as 32-bit guests have it: 128 bytes.
struct GuestSignalInfo {
  int32_t signo = 0, error = 0, code = 0;
  // _sifields: pid and uid, or timer id and overrun, or an address; then value or status.
  uint32_t first = 0, second = 0, third = 0, user_time = 0, system_time = 0;
  uint8_t rest[96] = {};
};
static_assert(sizeof(GuestSignalInfo) == 128);
GuestSignalInfo to_guest(const SignalInfo& info);

}  // namespace cloche::kernel
