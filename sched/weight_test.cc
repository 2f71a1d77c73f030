#include "sched/weight.h"

#include <gtest/gtest.h>

namespace cloche::sched {
namespace {

TEST(Weight, CpuWeightIsScaledAsLinuxDoes) {
  EXPECT_EQ(weight_of_cpu_weight(100).value(), kDefaultWeight);
  EXPECT_EQ(weight_of_cpu_weight(1).value(), kMinWeight);
  EXPECT_EQ(weight_of_cpu_weight(10'000).value(), kMaxWeight);
}

TEST(Weight, EveryCpuWeightReadsAsItWasWritten) {
  for (int64_t cpu_weight = 1; cpu_weight <= 10'000; ++cpu_weight)
    EXPECT_EQ(cpu_weight_of(weight_of_cpu_weight(cpu_weight).value()), cpu_weight);
}

TEST(Weight, EveryNiceReadsAsItWasWritten) {
  for (int64_t nice = -20; nice <= 19; ++nice)
    EXPECT_EQ(nice_of(weight_of_nice(nice).value()), nice);
  EXPECT_EQ(weight_of_nice(0).value(), kDefaultWeight);
  EXPECT_EQ(weight_of_nice(-20).value(), 88761u);
  EXPECT_EQ(weight_of_nice(19).value(), 15u);
}

// "One step is about 10 % of the CPU": a quarter more weight.
TEST(Weight, AStepOfNiceIsAQuarter) {
  for (int64_t nice = -20; nice < 15; ++nice) {
    EXPECT_NEAR(static_cast<double>(weight_of_nice(nice).value()) /
                    static_cast<double>(weight_of_nice(nice + 1).value()),
                1.25, 0.05);
  }
}

TEST(Weight, OutOfRangeIsAnError) {
  for (const int64_t wrong : {int64_t{0}, int64_t{-1}, int64_t{10'001}, INT64_MIN, INT64_MAX})
    EXPECT_EQ(weight_of_cpu_weight(wrong).error().code, Code::kInvalidArgument);
  for (const int64_t wrong : {int64_t{-21}, int64_t{20}, INT64_MIN, INT64_MAX})
    EXPECT_EQ(weight_of_nice(wrong).error().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace cloche::sched
