// Drives the kernel of a sandbox, a turn at a time: for all programs and cells of code that are
// under way, whoever waits for them.
#pragma once

#include <poll.h>

#include <atomic>
#include <functional>
#include <vector>

#include "include/cloche/cloche.hpp"
#include "kernel/kernel.h"
#include "sched/scheduler.h"

namespace cloche::session {

// Thread class: one thread at a time, which has the floor (floor.h).
class Driver final : public sched::Task {
 public:
  // Whether it is to end; asked when all that is over was told.
  using MayEnd = std::function<bool()>;
  Driver(Sandbox::State& sandbox, MayEnd may_end);
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  // When it ends nothing of the sandbox is touched after MayEnd said so.
  sched::Outcome run(sched::Turn& turn) noexcept override;

 private:
  int64_t pay_compiler(sched::Turn& turn);
  sched::Outcome sleep();
  int64_t slice(int64_t longest);
  void look();
  int64_t wake_up_at();
  void serve_requests();
  void list_waits();
  void look_at_host();

  Sandbox::State& sandbox_;
  kernel::Kernel& kernel_;
  const MayEnd may_end_;
  int64_t compiled_ns_;               // of Kernel::compile_cpu_ns(), what the scheduler knows
  std::vector<sched::FdWait> waits_;  // the bell, those of guests, those of terminals
  size_t guests_ = 0;                 // where those of guests end
  bool slept_ = false;
  std::vector<pollfd> polled_;
};

}  // namespace cloche::session
