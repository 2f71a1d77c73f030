#include "sched/weight.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace cloche::sched {
namespace {

// Linux 6.6, kernel/sched/core.c, sched_prio_to_weight: nice -20 first.
constexpr std::array<Weight, 40> kNiceWeights = {
    88761, 71755, 56483, 46273, 36291,  //
    29154, 23254, 18705, 14949, 11916,  //
    9548,  7620,  6100,  4904,  3906,   //
    3121,  2501,  1991,  1586,  1277,   //
    1024,  820,   655,   526,   423,    //
    335,   272,   215,   172,   137,    //
    110,   87,    70,    56,    45,     //
    36,    29,    23,    18,    15,
};
constexpr int64_t kLowestNice = -20;

constexpr int64_t divide_to_nearest(int64_t a, int64_t b) { return (a + b / 2) / b; }

}  // namespace

Result<Weight> weight_of_cpu_weight(int64_t cpu_weight) {
  if (cpu_weight < 1 || cpu_weight > 10'000)
    return make_error(Code::kInvalidArgument, "cpu.weight is 1 to 10000, not %lld",
                      static_cast<long long>(cpu_weight));
  return static_cast<Weight>(divide_to_nearest(cpu_weight * kDefaultWeight, kDefaultCpuWeight));
}

Result<Weight> weight_of_nice(int64_t nice) {
  if (nice < kLowestNice || nice > 19)
    return make_error(Code::kInvalidArgument, "nice is -20 to 19, not %lld",
                      static_cast<long long>(nice));
  return kNiceWeights[static_cast<size_t>(nice - kLowestNice)];
}

int64_t cpu_weight_of(Weight weight) {
  return std::clamp<int64_t>(divide_to_nearest(weight * kDefaultCpuWeight, kDefaultWeight), 1,
                             10'000);
}

int64_t nice_of(Weight weight) {
  const auto distance = [weight](Weight other) {
    return std::llabs(static_cast<long long>(other) - static_cast<long long>(weight));
  };
  const auto* nearest =
      std::min_element(kNiceWeights.begin(), kNiceWeights.end(),
                       [&distance](Weight a, Weight b) { return distance(a) < distance(b); });
  return kLowestNice + (nearest - kNiceWeights.begin());
}

}  // namespace cloche::sched
