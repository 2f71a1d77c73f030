// memory.max: what a sandbox's processes use of the host's memory, looked at while they run.
//
// Memory is promised cheaply (brk, mmap, fork) and costs only when it is written, so promises are
// not what is limited. Use is measured from the page tables, and each new page is a page fault of
// the thread that runs the guest, which the host counts: so at each tick it is known how much may
// have come since the last look, and the next look is due when that may be more than there was room
// for (at least kLeast of the limit: a look costs a scan). What grows without page faults (layers
// of forked programs, buffers of the kernel) is found by looking from time to time, more often the
// nearer the limit is.
//
// Over the limit, the process that holds most is ended by SIGKILL, as Linux does for a control
// group. Over memory.high the whole sandbox stands still for a while, the longer the more it is
// over, so that whoever watches can act (cgroup v2 slows down who allocates). A guest can overshoot
// by kLeast and what it writes in a tick.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace cloche::kernel {

class Kernel;

class MemoryGuard {
 public:
  // Bytes that may come without page faults in a second.
  static constexpr uint64_t kFillRate = uint64_t{4} << 30;
  static constexpr int64_t kShortest = 2'000'000, kLongest = 100'000'000;  // ns between two looks
  // A look costs a scan of page tables: at most one part in kShare of the time, but for page
  // faults.
  static constexpr int64_t kShare = 50;
  static constexpr uint64_t kLeast = 64;  // one part in kLeast of the limit
  // What is in use is counted again when so much may have come: one part in kGrowth of it, at least
  // kFewPages pages.
  static constexpr uint64_t kGrowth = 16, kFewPages = 64;

  int64_t next_check() const { return next_check_; }  // monotonic ns
  void look_soon() { next_check_ = 0; }               // a limit has changed
  // Looks, ends a process if need be, and plans the next look. Not while guest code runs.
  void check(Kernel& kernel, int64_t now);

  // This thread works for the sandbox from now on, and no longer.
  void begin_turn(Clock& clock);
  void end_turn(Clock& clock);
  // During a turn: is the next look due for page faults? Asks the clock once a millisecond.
  bool is_due(Clock& clock, int64_t now);

  // `bytes` were found to be in use.
  void counted(Clock& clock, uint64_t bytes);
  // What is in use now at most, but for what came without page faults: the last count, and a page
  // for each page fault since. UINT64_MAX if nothing was counted yet.
  uint64_t most(Clock& clock) const;
  // The last count tells what was in use since then, but for what is little.
  bool knows_peak(Clock& clock) const;

 private:
  // Page faults for the sandbox, of all turns.
  uint64_t faults(Clock& clock) const;

  int64_t next_check_ = 0;
  int64_t next_count_ = 0;  // when is_due() asks next; monotonic ns
  uint64_t budget_ = 0;     // page faults from a look to the next
  bool in_turn_ = false;
  uint64_t faults_at_start_ = 0;  // of the thread, when the present turn began
  uint64_t faults_before_ = 0;    // of the turns before
  uint64_t faults_at_check_ = 0, faults_at_count_ = 0;  // what faults() was
  uint64_t bytes_ = UINT64_MAX;                         // of the last count
};

}  // namespace cloche::kernel
