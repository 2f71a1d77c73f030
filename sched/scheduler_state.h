// The inside of Scheduler. For scheduler.cc and crew.cc.
#pragma once

#include <memory>
#include <vector>

#include "sched/crew.h"

namespace cloche::sched {

// Fixed after create().
struct Scheduler::State {
  std::vector<std::unique_ptr<Crew>> crews;
  CpuSet cpus;
};

}  // namespace cloche::sched
