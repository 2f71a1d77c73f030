// How many threads and zombies there are, against pids.max. What a sandbox inside another one has
// counts for both.
//
// Thread class: the kernels of one tree, which are on one thread.
#pragma once

#include <cstdint>

namespace cloche::kernel {

class TaskCount {
 public:
  // Counts there, too; null: nowhere. `outer` outlives it.
  void set_outer(TaskCount* outer) { outer_ = outer; }
  void set_limit(uint32_t limit) { limit_ = limit; }

  uint32_t used() const { return used_; }
  bool full() const { return used_ >= limit_; }  // this one; those around have limits of their own
  void add() {
    for (TaskCount* at = this; at; at = at->outer_) ++at->used_;
  }
  void remove() {
    for (TaskCount* at = this; at; at = at->outer_) --at->used_;
  }

 private:
  TaskCount* outer_ = nullptr;
  uint32_t limit_ = 0, used_ = 0;
};

}  // namespace cloche::kernel
