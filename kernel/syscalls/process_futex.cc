// futex(2).
#include <algorithm>

#include "kernel/state.h"
#include "kernel/syscalls/handlers.h"
#include "kernel/syscalls/user_time.h"

namespace cloche::kernel {
namespace {

enum FutexCommand : uint32_t {
  kWait = 0,
  kWake = 1,
  kRequeue = 3,
  kCompareRequeue = 4,
  kWaitBitset = 9,
  kWakeBitset = 10,
};
constexpr uint32_t kPrivate = 128, kRealtime = 256;
constexpr uint32_t kAnyBit = UINT32_MAX;

FutexKey key_of(Call& call, UserPtr address) {
  return address_space_of(call.process()).futex_key(address.address);
}

SysResult<int64_t> deadline_of(Call& call, UserPtr timeout, bool absolute, bool realtime) {
  if (!timeout) return Call::kNoDeadline;
  const int64_t time = TRY(get_nanoseconds(call, timeout));
  Clock& clock = call.kernel().clock();
  if (!absolute) return deadline_after(clock.monotonic_ns(), time);
  if (!realtime) return time;
  return deadline_after(clock.monotonic_ns(), time - std::min(time, clock.realtime_ns()));
}

// The word is looked at once, when the wait begins; after that only a wake, the time or a signal
// ends it.
SysResult<int32_t> wait(Call& call, UserPtr address, uint32_t value, uint32_t bitset,
                        UserPtr timeout, bool absolute, bool realtime) {
  Thread& thread = call.thread();
  FutexTable& futexes = call.kernel().state().futexes;
  if (!call.retried()) {
    if (bitset == 0) return Errno::kINVAL;
    const int64_t deadline = TRY(deadline_of(call, timeout, absolute, realtime));
    if (TRY(call.get<uint32_t>(address)) != value) return Errno::kAGAIN;
    call.scratch().deadline = deadline;
    futexes.join(thread, key_of(call, address), bitset);
  } else if (thread.futex.woken) {
    return 0;
  }
  const int64_t deadline = call.scratch().deadline;
  const bool late =
      deadline != Call::kNoDeadline && deadline <= call.kernel().clock().monotonic_ns();
  if (call.timed_out() || late) {
    futexes.leave(thread);
    return Errno::kTIMEDOUT;
  }
  // A restarted wait with a timeout would begin its relative time anew.
  const auto on_signal = deadline == Call::kNoDeadline ? OnSignal::kRestart : OnSignal::kInterrupt;
  const Errno blocked = call.block({&thread.futex.queue}, deadline, on_signal);
  if (blocked != Errno::kSUSPEND) futexes.leave(thread);
  return blocked;
}

SysResult<int32_t> requeue(Call& call, UserPtr from, uint32_t wake_count, uint32_t move_count,
                           UserPtr to) {
  if (static_cast<int32_t>(wake_count) < 0 || static_cast<int32_t>(move_count) < 0)
    return Errno::kINVAL;
  FutexTable& futexes = call.kernel().state().futexes;
  const FutexKey source = key_of(call, from);
  const uint32_t woken = futexes.wake(source, wake_count, kAnyBit);
  const uint32_t moved = futexes.requeue(source, key_of(call, to), move_count);
  return static_cast<int32_t>(woken + moved);
}

}  // namespace

SysResult<int32_t> sys_futex_time64(Call& call, UserPtr address, uint32_t operation, uint32_t value,
                                    UserPtr timeout_or_value, UserPtr address2, uint32_t value3) {
  const uint32_t command = operation & ~(kPrivate | kRealtime);
  const bool realtime = operation & kRealtime;
  if (address.address % 4 != 0) return Errno::kINVAL;
  FutexTable& futexes = call.kernel().state().futexes;
  switch (command) {
    case kWait:
      return wait(call, address, value, kAnyBit, timeout_or_value, false, realtime);
    case kWaitBitset:
      return wait(call, address, value, value3, timeout_or_value, true, realtime);
    case kWake:
      return static_cast<int32_t>(
          futexes.wake(key_of(call, address), std::max(value, 1u), kAnyBit));
    case kWakeBitset:
      if (value3 == 0) return Errno::kINVAL;
      return static_cast<int32_t>(futexes.wake(key_of(call, address), std::max(value, 1u), value3));
    case kCompareRequeue:
    case kRequeue:
      if (address2.address % 4 != 0) return Errno::kINVAL;
      TRY(call.bytes_in(address, 4));
      TRY(call.bytes_in(address2, 4));
      if (command == kCompareRequeue && TRY(call.get<uint32_t>(address)) != value3)
        return Errno::kAGAIN;
      return requeue(call, address, value, timeout_or_value.address, address2);
    default:
      return Errno::kNOSYS;  // priority inheritance and FUTEX_WAKE_OP
  }
}

}  // namespace cloche::kernel
