#include "kernel/timer_fd.h"

#include <algorithm>
#include <cstring>

#include "kernel/kernel.h"
#include "kernel/syscalls/user_time.h"

namespace cloche::kernel {

TimerFile::TimerFile(Kernel& kernel, Ref<Quota> timers, int32_t clock, uint32_t flags)
    : AnonymousFile("[timerfd]", kReadWrite | (flags & kNonBlock)),
      kernel_(kernel),
      timers_(std::move(timers)),
      clock_(clock) {}

TimerFile::~TimerFile() {
  kernel_.cancel_timer(timer_);
  timers_->give(1);
}

void TimerFile::set(std::optional<int64_t> deadline, int64_t interval) {
  kernel_.cancel_timer(std::exchange(timer_, 0));
  ran_out_ = false;
  count_ = 0;
  interval_ = interval;
  if (!deadline) return;
  deadline_ = kernel_.guest_clock().round_up(*deadline);
  longest_ = std::max<int64_t>(*deadline - kernel_.clock().monotonic_ns(), 1);
  start();
}

void TimerFile::start() {
  timer_ = kernel_.add_timer(kernel_.guest_clock().round_up(deadline_), this, &TimerFile::fire, 0);
}

void TimerFile::fire(void* env, uint64_t) {
  auto& timer = *static_cast<TimerFile*>(env);
  timer.timer_ = 0;
  timer.count_ = 1;
  timer.ran_out_ = timer.interval_ > 0;
  timer.queue_.wake_for(kPollIn);
}

void TimerFile::catch_up() {
  if (!std::exchange(ran_out_, false)) return;
  const int64_t now = std::max(kernel_.guest_clock().monotonic_ns(), deadline_);
  const int64_t missed = (now - deadline_) / interval_;
  count_ += static_cast<uint64_t>(missed);
  // Not beyond `now` but for the last addition.
  deadline_ = deadline_after(deadline_ + missed * interval_, interval_);
  longest_ = interval_;
  start();
}

TimerFile::Setting TimerFile::setting() {
  catch_up();
  if (timer_ == 0) return {0, interval_};
  const int64_t left = deadline_ - kernel_.guest_clock().monotonic_ns();
  return {std::clamp<int64_t>(left, 1, longest_), interval_};
}

SysResult<uint64_t> TimerFile::read(Call&, std::span<uint8_t> out) {
  if (out.size() < sizeof count_) return Errno::kINVAL;
  if (count_ == 0) return Errno::kAGAIN;
  catch_up();
  std::memcpy(out.data(), &count_, sizeof count_);
  count_ = 0;
  return sizeof count_;
}

}  // namespace cloche::kernel
