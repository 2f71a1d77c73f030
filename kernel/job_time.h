// Whose CPU time it was: of the jobs (StartOptions) whose threads took turns.
//
// The clock of CPU time is a system call, too dear for each switch between threads. So a turn of
// the kernel is measured as a whole and shared out among the jobs that ran in it, by the time that
// each of them had on the cheap clock. With one job, which is nearly always so, that is exact.
#pragma once

#include <cstdint>
#include <map>

namespace cloche::kernel {

class JobTime {
 public:
  // Threads of this job had the turn for so long.
  void ran(uint32_t job, int64_t ns) {
    if (job != running_) settle(job);
    running_ns_ += ns;
  }
  // The turn is over and took this much CPU time.
  void end_turn(int64_t cpu_ns);
  // So much beside the turns.
  void charge(uint32_t job, int64_t ns) { used_[job] += ns; }

  int64_t of(uint32_t job) const {
    const auto found = used_.find(job);
    return found == used_.end() ? 0 : found->second;
  }
  void forget(uint32_t job) { used_.erase(job); }

 private:
  void settle(uint32_t next);

  uint32_t running_ = 0;  // the last one, and what it had since others had theirs
  int64_t running_ns_ = 0;
  std::map<uint32_t, int64_t> turn_;  // of the jobs before it in this turn
  std::map<uint32_t, int64_t> used_;
};

}  // namespace cloche::kernel
