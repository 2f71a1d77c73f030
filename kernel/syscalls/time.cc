// Clocks, sleeping, timers, random numbers.
#include <algorithm>

#include "kernel/io_state.h"
#include "kernel/open.h"
#include "kernel/posix_timer.h"
#include "kernel/state.h"
#include "kernel/syscalls/handlers.h"
#include "kernel/syscalls/user_time.h"
#include "kernel/timer_fd.h"

namespace cloche::kernel {
namespace {

// clock ids below 0 name the CPU time of a process or thread: (~id >> 3), bit 2 set for a thread.
SysResult<int64_t> read_dynamic_clock(Call& call, int32_t clock) {
  const int32_t id = ~(clock >> 3);
  if ((clock & 3) != 2) return Errno::kINVAL;  // CPUCLOCK_SCHED only
  const auto& state = call.kernel().state();
  if (clock & 4) {
    if (id == 0) return call.thread().cpu_ns;
    const auto found = state.threads.find(id);
    if (found == state.threads.end() || found->second->process != &call.process())
      return Errno::kINVAL;
    return found->second->cpu_ns;
  }
  const Process* process = id == 0 ? &call.process() : call.kernel().find(id);
  if (!process) return Errno::kINVAL;
  return cpu_time(*process);
}

// CPU time of the running thread grows while it runs, not only when it stops.
int64_t running_for(Call& call) {
  return call.kernel().clock().monotonic_ns() - call.kernel().state().run_start;
}

bool is_realtime(int32_t clock) { return clock == kClockRealtime || clock == kClockTai; }

}  // namespace

SysResult<int64_t> read_clock(Call& call, int32_t clock) {
  RoundedClock& clocks = call.kernel().guest_clock();
  switch (clock) {
    case kClockRealtime:
    case kClockRealtimeCoarse:
    case kClockRealtimeAlarm:
    case kClockTai:
      return clocks.realtime_ns();
    case kClockMonotonic:
    case kClockMonotonicRaw:
    case kClockMonotonicCoarse:
    case kClockBoottime:
    case kClockBoottimeAlarm:
      return clocks.monotonic_ns();
    case kClockProcessCpu:
      return clocks.round(cpu_time(call.process()) + running_for(call));
    case kClockThreadCpu:
      return clocks.round(call.thread().cpu_ns + running_for(call));
    default:
      if (clock < 0) return clocks.round(TRY(read_dynamic_clock(call, clock)));
      return Errno::kINVAL;
  }
}

SysResult<int64_t> to_monotonic(Call& call, int32_t clock, int64_t time) {
  if (clock != kClockMonotonic && clock != kClockBoottime && !is_realtime(clock))
    return Errno::kINVAL;
  if (!is_realtime(clock)) return time;
  Clock& clocks = call.kernel().clock();
  const int64_t wait = time - std::min(time, clocks.realtime_ns());
  return deadline_after(clocks.monotonic_ns(), wait);
}

namespace {

// What is left of a wait of `whole`, for the guest: in steps of its clock, but never less than is
// left, so that who waits for the rest has waited long enough.
int64_t time_left(Call& call, int64_t left, int64_t whole) {
  const RoundedClock& clock = call.kernel().guest_clock();
  return std::min(deadline_after(clock.round(left - 1), clock.step_ns()), whole);
}

SysResult<int32_t> sleep_until(Call& call, UserPtr request, UserPtr remaining, bool relative) {
  const int64_t deadline = call.scratch().deadline;
  const int64_t now = call.kernel().clock().monotonic_ns();
  if (call.timed_out() || deadline <= now) return 0;
  const Errno blocked = call.block({}, deadline, OnSignal::kInterrupt);
  if (blocked == Errno::kINTR && relative && remaining) {
    const int64_t whole = TRY(get_nanoseconds(call, request));
    TRY(call.put(remaining, to_timespec(time_left(call, deadline - now, whole))));
  }
  return blocked;
}

}  // namespace

SysResult<int32_t> sys_clock_gettime64(Call& call, int32_t clock, UserPtr value) {
  const int64_t now = TRY(read_clock(call, clock));
  TRY(call.put(value, to_timespec(now)));
  return 0;
}

SysResult<int32_t> sys_clock_settime64(Call& call, int32_t clock, UserPtr value) {
  if (clock != kClockRealtime) return Errno::kINVAL;
  TRY(get_nanoseconds(call, value));
  return Errno::kPERM;
}

SysResult<int32_t> sys_clock_getres_time64(Call& call, int32_t clock, UserPtr value) {
  TRY(read_clock(call, clock));
  const bool coarse = clock == kClockRealtimeCoarse || clock == kClockMonotonicCoarse;
  const int64_t step = call.kernel().guest_clock().step_ns();
  if (value) TRY(call.put(value, to_timespec(coarse ? std::max<int64_t>(step, 4'000'000) : step)));
  return 0;
}

SysResult<int32_t> sys_clock_nanosleep_time64(Call& call, int32_t clock, uint32_t flags,
                                              UserPtr request, UserPtr remaining) {
  constexpr uint32_t kAbsolute = 1;
  const bool relative = !(flags & kAbsolute);
  if (!call.retried()) {
    if (clock == kClockThreadCpu) return Errno::kINVAL;
    const bool known = clock == kClockMonotonic || clock == kClockBoottime || is_realtime(clock);
    if (!known) return clock >= 0 && clock <= kClockTai ? Errno::kOPNOTSUPP : Errno::kINVAL;
    const int64_t time = TRY(get_nanoseconds(call, request));
    call.scratch().deadline = relative ? deadline_after(call.kernel().clock().monotonic_ns(), time)
                                       : TRY(to_monotonic(call, clock, time));
  }
  return sleep_until(call, request, remaining, relative);
}

SysResult<int32_t> sys_nanosleep(Call& call, UserPtr request, UserPtr remaining) {
  // 32-bit struct timespec64 of the time64 ABI has this number's layout {i64, i64} here.
  return sys_clock_nanosleep_time64(call, kClockMonotonic, 0, request, remaining);
}

// --- ITIMER_REAL

namespace {

struct UserItimerval {
  int32_t interval_seconds = 0, interval_microseconds = 0, seconds = 0, microseconds = 0;
};

SysResult<int64_t> to_nanoseconds_from_micro(int32_t seconds, int32_t microseconds) {
  if (seconds < 0 || microseconds < 0 || microseconds >= 1'000'000) return Errno::kINVAL;
  return int64_t{seconds} * kNanosecondsPerSecond + int64_t{microseconds} * 1000;
}

UserItimerval to_itimerval(int64_t interval, int64_t left) {
  UserItimerval value;
  value.interval_seconds = static_cast<int32_t>(interval / kNanosecondsPerSecond);
  value.interval_microseconds = static_cast<int32_t>(interval % kNanosecondsPerSecond / 1000);
  value.seconds = static_cast<int32_t>(left / kNanosecondsPerSecond);
  value.microseconds = static_cast<int32_t>(left % kNanosecondsPerSecond / 1000);
  return value;
}

// An armed timer never reads as zero, which would mean that it is off.
int64_t left_until(Call& call, int64_t deadline, int64_t now) {
  return time_left(call, std::max<int64_t>(deadline - now, 1000), Call::kNoDeadline);
}

enum IntervalTimerId : int32_t { kTimerReal = 0, kTimerVirtual = 1, kTimerProfile = 2 };

int64_t cpu_now(Call& call) { return cpu_time(call.process()) + running_for(call); }

Process::CpuTimer& cpu_timer(Call& call, int32_t which) {
  return which == kTimerVirtual ? call.process().virtual_timer : call.process().profile_timer;
}

UserItimerval current_itimer(Call& call, int32_t which) {
  if (which != kTimerReal) {
    const Process::CpuTimer& timer = cpu_timer(call, which);
    return to_itimerval(timer.interval,
                        timer.deadline ? left_until(call, timer.deadline, cpu_now(call)) : 0);
  }
  const Process::IntervalTimer& timer = call.process().real_timer;
  const int64_t now = call.kernel().clock().monotonic_ns();
  return to_itimerval(timer.interval, timer.timer ? left_until(call, timer.deadline, now) : 0);
}

void fire_itimer(void* env, uint64_t) {
  Process& process = *static_cast<Process*>(env);
  Kernel& kernel = *process.kernel;
  Process::IntervalTimer& timer = process.real_timer;
  timer.timer = 0;
  if (timer.interval > 0) {
    const int64_t now = kernel.clock().monotonic_ns();
    timer.deadline = std::max(timer.deadline + timer.interval, now);
    timer.timer = kernel.add_timer(timer.deadline, &process, &fire_itimer, 0);
  }
  (void)kernel.send_signal(process, {.signo = kSigAlrm, .code = kSiKernel});
}

}  // namespace

namespace {

void set_cpu_itimer(Call& call, int32_t which, int64_t wait, int64_t interval) {
  Process::CpuTimer& timer = cpu_timer(call, which);
  timer = {};
  if (wait == 0) return;
  timer = {cpu_now(call) + wait, interval};
  // The running thread's own deadline was computed when it started to run.
  Kernel::State& state = call.kernel().state();
  state.cpu_event = std::min(state.cpu_event, call.kernel().clock().monotonic_ns() + wait);
}

void set_real_itimer(Call& call, int64_t wait, int64_t interval) {
  Process& process = call.process();
  Kernel& kernel = call.kernel();
  kernel.cancel_timer(process.real_timer.timer);
  process.real_timer = {};
  if (wait == 0) return;
  process.real_timer.interval = interval;
  process.real_timer.deadline = deadline_after(kernel.clock().monotonic_ns(), wait);
  process.real_timer.timer =
      kernel.add_timer(process.real_timer.deadline, &process, &fire_itimer, 0);
}

}  // namespace

SysResult<int32_t> sys_getitimer(Call& call, int32_t which, UserPtr value) {
  if (which < kTimerReal || which > kTimerProfile) return Errno::kINVAL;
  TRY(call.put(value, current_itimer(call, which)));
  return 0;
}

SysResult<int32_t> sys_setitimer(Call& call, int32_t which, UserPtr value, UserPtr old) {
  UserItimerval wanted;
  if (value) wanted = TRY(call.get<UserItimerval>(value));
  const int64_t wait = TRY(to_nanoseconds_from_micro(wanted.seconds, wanted.microseconds));
  const int64_t interval =
      TRY(to_nanoseconds_from_micro(wanted.interval_seconds, wanted.interval_microseconds));
  if (which < kTimerReal || which > kTimerProfile) return Errno::kINVAL;
  if (old) TRY(call.put(old, current_itimer(call, which)));
  if (which == kTimerReal)
    set_real_itimer(call, wait, interval);
  else
    set_cpu_itimer(call, which, wait, interval);
  return 0;
}

// --- POSIX timers

namespace {

constexpr int32_t kMaxOverrun = INT32_MAX;

struct UserSigevent {
  uint32_t value = 0;
  int32_t signo = 0, notify = 0, tid = 0;
};
enum Notify : int32_t { kNotifySignal = 0, kNotifyNone = 1, kNotifyThreadId = 4 };

PosixTimer* find_timer(Process& process, int32_t id) {
  for (auto& timer : process.timers)
    if (timer->id == id) return timer.get();
  return nullptr;
}

UserItimerspec current_value(Call& call, const PosixTimer& timer) {
  UserItimerspec value;
  value.interval = to_timespec(timer.interval);
  if (timer.timer == 0) return value;
  const int64_t left = timer.deadline - call.kernel().clock().monotonic_ns();
  value.value = to_timespec(time_left(call, std::max<int64_t>(left, 1), Call::kNoDeadline));
  return value;
}

void fire_posix_timer(void* env, uint64_t) {
  PosixTimer& timer = *static_cast<PosixTimer*>(env);
  Process& process = *timer.process;
  Kernel& kernel = *process.kernel;
  timer.timer = 0;
  timer.overrun = 0;
  if (timer.interval > 0) {
    const int64_t now = kernel.clock().monotonic_ns();
    const int64_t missed = std::max<int64_t>(0, (now - timer.deadline) / timer.interval);
    timer.overrun = static_cast<int32_t>(std::min<int64_t>(missed, kMaxOverrun));
    timer.deadline = deadline_after(timer.deadline, (missed + 1) * timer.interval);
    timer.timer = kernel.add_timer(timer.deadline, &timer, &fire_posix_timer, 0);
  }
  if (timer.signo == 0) return;
  SignalInfo info;
  info.signo = timer.signo;
  info.code = kSiTimer;
  info.pid = timer.id;
  info.status = timer.overrun;
  info.value = timer.value;
  const auto& threads = kernel.state().threads;
  const auto target = threads.find(timer.tid);
  if (timer.tid == 0)
    (void)kernel.send_signal(process, info);
  else if (target != threads.end() && target->second->process == &process)
    (void)kernel.send_signal(*target->second, info);
}

}  // namespace

SysResult<int32_t> sys_timer_create(Call& call, int32_t clock, UserPtr event, UserPtr id) {
  Process& process = call.process();
  TRY(to_monotonic(call, clock, 0));
  UserSigevent wanted{.value = 0, .signo = kSigAlrm, .notify = kNotifySignal, .tid = 0};
  if (event) wanted = TRY(call.get<UserSigevent>(event));
  const bool signals = wanted.notify == kNotifySignal || wanted.notify == kNotifyThreadId;
  if (!signals && wanted.notify != kNotifyNone) return Errno::kINVAL;
  if (signals && (wanted.signo < 1 || wanted.signo > kSignalCount)) return Errno::kINVAL;
  if (wanted.notify == kNotifyThreadId) {
    const auto& threads = call.kernel().state().threads;
    const auto found = threads.find(wanted.tid);
    if (found == threads.end() || found->second->process != &process) return Errno::kINVAL;
  }
  const Ref<Quota>& timers = call.kernel().io().timers();
  if (!timers->take(1)) {
    tell_full(process, &IoState::timers, "timers.max");
    return Errno::kAGAIN;
  }
  auto timer = std::make_unique<PosixTimer>(timers);
  timer->process = &process;
  while (find_timer(process, timer->id)) ++timer->id;
  timer->clock = clock;
  timer->signo = signals ? wanted.signo : 0;
  timer->tid = wanted.notify == kNotifyThreadId ? wanted.tid : 0;
  timer->value = event ? wanted.value : static_cast<uint32_t>(timer->id);
  TRY(call.put(id, timer->id));
  process.timers.push_back(std::move(timer));
  return 0;
}

SysResult<int32_t> sys_timer_delete(Call& call, int32_t id) {
  auto& timers = call.process().timers;
  if (std::erase_if(timers, [id](const auto& timer) { return timer->id == id; }) == 0)
    return Errno::kINVAL;
  return 0;
}

SysResult<int32_t> sys_timer_getoverrun(Call& call, int32_t id) {
  const PosixTimer* timer = find_timer(call.process(), id);
  if (!timer) return Errno::kINVAL;
  return timer->overrun;
}

SysResult<int32_t> sys_timer_gettime64(Call& call, int32_t id, UserPtr value) {
  const PosixTimer* timer = find_timer(call.process(), id);
  if (!timer) return Errno::kINVAL;
  TRY(call.put(value, current_value(call, *timer)));
  return 0;
}

SysResult<int32_t> sys_timer_settime64(Call& call, int32_t id, uint32_t flags, UserPtr value,
                                       UserPtr old) {
  constexpr uint32_t kAbsolute = 1;
  const auto wanted = TRY(call.get<UserItimerspec>(value));
  const int64_t time = TRY(to_nanoseconds(wanted.value));
  const int64_t interval = TRY(to_nanoseconds(wanted.interval));
  PosixTimer* timer = find_timer(call.process(), id);
  if (!timer) return Errno::kINVAL;
  const int64_t deadline = flags & kAbsolute
                               ? TRY(to_monotonic(call, timer->clock, time))
                               : deadline_after(call.kernel().clock().monotonic_ns(), time);
  if (old) TRY(call.put(old, current_value(call, *timer)));
  Kernel& kernel = call.kernel();
  kernel.cancel_timer(std::exchange(timer->timer, 0));
  timer->overrun = 0;
  timer->interval = 0;
  if (time == 0) return 0;
  timer->interval = interval;
  timer->deadline = deadline;
  timer->timer = kernel.add_timer(deadline, timer, &fire_posix_timer, 0);
  return 0;
}

// --- timers as files

SysResult<int32_t> sys_timerfd_create(Call& call, int32_t clock, uint32_t flags) {
  if (flags & ~uint32_t{kCloseOnExec | kNonBlock}) return Errno::kINVAL;
  if (clock == kClockRealtimeAlarm || clock == kClockBoottimeAlarm) return Errno::kPERM;
  if (clock != kClockRealtime && clock != kClockMonotonic && clock != kClockBoottime)
    return Errno::kINVAL;
  Process& process = call.process();
  TRY(process.fds->check_room(1, descriptor_limit(process)));
  const Ref<Quota>& timers = call.kernel().io().timers();
  if (!timers->take(1)) {
    tell_full(process, &IoState::timers, "timers.max");
    return Errno::kNFILE;
  }
  return install(call, make_ref<TimerFile>(call.kernel(), timers, clock, flags), flags);
}

namespace {

SysResult<Ref<TimerFile>> timer_file(Call& call, Fd fd) {
  const FileRef file = TRY(call.process().fds->get(fd));
  if (file->kind() != FileKind::kTimer) return Errno::kINVAL;
  return Ref<TimerFile>(static_cast<TimerFile*>(file.get()));
}

UserItimerspec to_user(const TimerFile::Setting& setting) {
  return {to_timespec(setting.interval), to_timespec(setting.left)};
}

}  // namespace

SysResult<int32_t> sys_timerfd_gettime64(Call& call, Fd fd, UserPtr value) {
  const auto timer = TRY(timer_file(call, fd));
  TRY(call.put(value, to_user(timer->setting())));
  return 0;
}

SysResult<int32_t> sys_timerfd_settime64(Call& call, Fd fd, uint32_t flags, UserPtr value,
                                         UserPtr old) {
  // The real-time clock is never set, so that nothing cancels a timer for it.
  constexpr uint32_t kAbsolute = 1, kCancelOnSet = 2;
  const auto wanted = TRY(call.get<UserItimerspec>(value));
  if (flags & ~(kAbsolute | kCancelOnSet)) return Errno::kINVAL;
  const int64_t time = TRY(to_nanoseconds(wanted.value));
  const int64_t interval = TRY(to_nanoseconds(wanted.interval));
  const auto timer = TRY(timer_file(call, fd));
  if (old) TRY(call.put(old, to_user(timer->setting())));
  std::optional<int64_t> deadline;
  if (time > 0) {
    deadline = flags & kAbsolute ? TRY(to_monotonic(call, timer->clock(), time))
                                 : deadline_after(call.kernel().clock().monotonic_ns(), time);
  }
  timer->set(deadline, interval);
  return 0;
}

SysResult<int32_t> sys_getrandom(Call& call, UserPtr buffer, uint32_t size, uint32_t flags) {
  constexpr uint32_t kKnown = 1 | 2 | 4;  // NONBLOCK, RANDOM, INSECURE
  if ((flags & ~kKnown) || (flags & 6) == 6) return Errno::kINVAL;
  constexpr uint32_t kLargest = (32u << 20) - 1;  // of one call, as on Linux
  const auto out = TRY(call.bytes_out(buffer, std::min(size, kLargest)));
  call.process().random_source().fill(out.data(), out.size());
  return static_cast<int32_t>(out.size());
}

}  // namespace cloche::kernel
