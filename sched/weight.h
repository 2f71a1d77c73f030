// Weights: how much of the CPU one of several that want it gets.
//
// Inside, a weight is Linux's load weight: 1024 is the default, and shares are proportional. Users
// name it in one of two ways, both as Linux defines them:
//   cpu.weight  1..10000, default 100 (cgroup v2; Documentation/admin-guide/cgroup-v2.rst)
//   nice        -20..19, default 0; one step is about 1.25x (kernel/sched/core.c,
//               sched_prio_to_weight)
// Thread class: immutable.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace cloche::sched {

using Weight = uint32_t;

constexpr Weight kDefaultWeight = 1024;
constexpr Weight kMinWeight = 10;       // cpu.weight 1
constexpr Weight kMaxWeight = 102'400;  // cpu.weight 10000
constexpr int64_t kDefaultCpuWeight = 100;

// kInvalidArgument: outside 1..10000.
Result<Weight> weight_of_cpu_weight(int64_t cpu_weight);
// kInvalidArgument: outside -20..19.
Result<Weight> weight_of_nice(int64_t nice);

// What cpu.weight reads as: the nearest in 1..10000.
int64_t cpu_weight_of(Weight weight);
// What cpu.weight.nice reads as: the nice value whose weight is nearest; of two, the lower one.
int64_t nice_of(Weight weight);

}  // namespace cloche::sched
