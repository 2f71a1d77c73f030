// timerfd_create(2): a timer that can be waited for.
//
// All that a reader learns of the time is in steps of the guest's clock: the timer runs out at the
// next step, and what ran out meanwhile is counted by it.
#pragma once

#include <optional>

#include "kernel/open_file.h"
#include "kernel/quota.h"

namespace cloche::kernel {

class TimerFile final : public AnonymousFile {
 public:
  // One of `timers` was taken for it; it gives that back.
  TimerFile(Kernel& kernel, Ref<Quota> timers, int32_t clock, uint32_t flags);
  ~TimerFile() override;
  FileKind kind() const override { return FileKind::kTimer; }
  int32_t clock() const { return clock_; }

  // `deadline` is a point of the monotonic clock; none: off. `interval` 0: once.
  void set(std::optional<int64_t> deadline, int64_t interval);
  struct Setting {
    int64_t left = 0, interval = 0;  // ns; left 0: not armed
  };
  Setting setting();

  // 8 bytes: how often it ran out since the last read, or since it was set.
  SysResult<uint64_t> read(Call& call, std::span<uint8_t> out) override;
  uint32_t poll() override { return count_ > 0 ? kPollIn : 0; }
  WaitQueue* wait_queue(uint32_t) override { return &queue_; }

 private:
  static void fire(void* env, uint64_t argument);
  void start();
  // An interval timer that ran out counts on only when somebody looks: nothing happens before.
  void catch_up();

  Kernel& kernel_;
  const Ref<Quota> timers_;
  const int32_t clock_;
  uint64_t timer_ = 0;  // of the kernel; 0: none runs
  int64_t deadline_ = 0, interval_ = 0;
  int64_t longest_ = 0;   // that can be left of it
  bool ran_out_ = false;  // an interval timer that has not been started again
  uint64_t count_ = 0;
  WaitQueue queue_;
};

}  // namespace cloche::kernel
