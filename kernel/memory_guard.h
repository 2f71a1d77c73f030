// memory.max: what a sandbox's processes use of the host's memory, looked at while they run.
//
// Memory is promised cheaply (brk, mmap, fork) and costs only when it is written, so promises are
// not what is limited: use is measured every few milliseconds of running time, more often the
// nearer the limit is. Over the limit, the process that holds most is ended by SIGKILL, as Linux
// does for a control group. Over memory.high the whole sandbox stands still for a while, the longer
// the more it is over, so that whoever watches can act (cgroup v2 slows down who allocates). A
// guest can overshoot by what it writes between two looks: kFillRate * kShortest.
#pragma once

#include <cstdint>

namespace cloche::kernel {

class Kernel;

class MemoryGuard {
 public:
  // Bytes a guest may write in a second: above what memset reaches through page faults.
  static constexpr uint64_t kFillRate = uint64_t{4} << 30;
  static constexpr int64_t kShortest = 2'000'000, kLongest = 100'000'000;  // ns between two looks
  // A look costs a scan of page tables: at most one part in kShare of the time.
  static constexpr int64_t kShare = 50;

  int64_t next_check() const { return next_check_; }  // monotonic ns
  void look_soon() { next_check_ = 0; }               // a limit has changed
  // Looks, ends a process if need be, and plans the next look. Not while guest code runs.
  void check(Kernel& kernel, int64_t now);

 private:
  int64_t next_check_ = 0;
};

}  // namespace cloche::kernel
