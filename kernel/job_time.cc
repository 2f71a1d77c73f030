#include "kernel/job_time.h"

namespace cloche::kernel {

void JobTime::settle(uint32_t next) {
  if (running_ns_ > 0) turn_[running_] += running_ns_;
  running_ = next;
  running_ns_ = 0;
}

void JobTime::end_turn(int64_t cpu_ns) {
  if (turn_.empty()) {
    // When nobody ran: who ran last pays for looking, if it is still there.
    if (running_ns_ > 0 || used_.contains(running_)) used_[running_] += cpu_ns;
  } else {
    settle(running_);
    int64_t all = 0;
    for (const auto& [job, ns] : turn_) all += ns;
    const double rate = static_cast<double>(cpu_ns) / static_cast<double>(all);
    for (const auto& [job, ns] : turn_) {
      used_[job] += static_cast<int64_t>(static_cast<double>(ns) * rate);
    }
    turn_.clear();
  }
  running_ns_ = 0;
}

}  // namespace cloche::kernel
