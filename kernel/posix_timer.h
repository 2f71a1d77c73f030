// Timers of timer_create(2).
#pragma once

#include "kernel/kernel.h"
#include "kernel/quota.h"

namespace cloche::kernel {

struct PosixTimer {
  // One was taken for it; it gives that back.
  explicit PosixTimer(Ref<Quota> quota) : timers(std::move(quota)) {}

  Process* process = nullptr;
  int32_t id = 0, clock = 0;
  int32_t signo = 0;                   // 0: SIGEV_NONE
  int32_t tid = 0;                     // SIGEV_THREAD_ID: whom the signal goes to, else 0
  uint32_t value = 0;                  // sigev_value
  uint64_t timer = 0;                  // of the kernel, 0: disarmed
  int64_t deadline = 0, interval = 0;  // monotonic ns
  int32_t overrun = 0;
  const Ref<Quota> timers;

  ~PosixTimer() {
    if (process) process->kernel->cancel_timer(timer);
    timers->give(1);
  }
};

}  // namespace cloche::kernel
