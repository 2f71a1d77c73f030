#include "session/limits.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "policy/policy.h"

namespace cloche::session {
namespace {

using std::chrono::seconds;

std::string value_of(const EffectiveLimits& limits, const std::string& name) {
  for (const LimitValue& limit : list_limits(limits)) {
    if (limit.name == name) return limit.value;
  }
  return "?";
}

TEST(LimitsTest, WhatIsListedCanBeSetBack) {
  EffectiveLimits limits;
  const auto before = list_limits(limits);
  for (const LimitValue& limit : before) {
    const auto failure = change_limit(limits, limit.name, limit.value);
    EXPECT_FALSE(failure) << limit.name << " " << limit.value << ": " << failure->message;
  }
  const auto after = list_limits(limits);
  for (size_t i = 0; i < before.size(); ++i) EXPECT_EQ(after[i].value, before[i].value);
}

TEST(LimitsTest, ValuesReadAsPoliciesWriteThem) {
  EffectiveLimits limits;
  EXPECT_EQ(value_of(limits, "memory.max"), "512M");
  EXPECT_EQ(value_of(limits, "memory.high"), "none");
  EXPECT_EQ(value_of(limits, "wall.time"), "1m");
  EXPECT_EQ(value_of(limits, "pids.max"), "256");
  EXPECT_FALSE(change_limit(limits, "memory.max", "1500K"));
  EXPECT_EQ(value_of(limits, "memory.max"), "1500K");
  EXPECT_FALSE(change_limit(limits, "wall.time", "none"));
  EXPECT_EQ(limits.timeout, seconds(0));
  EXPECT_FALSE(change_limit(limits, "wall.time", "1500ms"));
  EXPECT_EQ(value_of(limits, "wall.time"), "1500ms");
}

TEST(LimitsTest, WhatIsNoLimitOrNoValueChangesNothing) {
  EffectiveLimits limits;
  for (const auto& [name, value] :
       std::vector<std::pair<const char*, const char*>>{{"memory.max", "0"},
                                                        {"memory.max", "-1"},
                                                        {"memory.max", ""},
                                                        {"memory.max", "none"},
                                                        {"memory.max", "1T"},
                                                        {"memory.max", "99999999999999999999"},
                                                        {"pids.max", "0"},
                                                        {"pids.max", "1.5"},
                                                        {"open_files.max", "2"},
                                                        {"wall.time", "0s"},
                                                        {"wall.time", "5"},
                                                        {"wall.time", "-5s"},
                                                        {"output.over", "none"},
                                                        {"output.over", ""},
                                                        {"output.over", "1"},
                                                        {"nonsense", "5"}}) {
    EXPECT_TRUE(change_limit(limits, name, value)) << name << " " << value;
  }
  const auto failure = change_limit(limits, "memory.mx", "5");
  ASSERT_TRUE(failure);
  EXPECT_NE(failure->message.find("did you mean 'memory.max'"), std::string::npos);
  const auto now = list_limits(limits), fresh = list_limits({});
  for (size_t i = 0; i < now.size(); ++i) EXPECT_EQ(now[i].value, fresh[i].value);
}

TEST(LimitsTest, OfTwoTheSmallerHolds) {
  EffectiveLimits a, b;
  a.memory = 100;
  a.timeout = seconds(0);  // none
  b.memory = 200;
  b.processes = 5;
  b.timeout = seconds(7);
  const EffectiveLimits less = within(a, b);
  EXPECT_EQ(less.memory, 100u);
  EXPECT_EQ(less.processes, 5u);
  EXPECT_EQ(less.timeout, seconds(7));
  EXPECT_EQ(within(b, a).timeout, seconds(7));
}

TEST(LimitsTest, ToEndIsLessThanToCut) {
  Limits options, kill;
  options.output_over = OutputOver::kTruncate;
  kill.output_over = OutputOver::kKill;
  EXPECT_EQ(effective_limits({}, nullptr)->output_over, OutputOver::kKill);
  EXPECT_EQ(effective_limits(options, nullptr)->output_over, OutputOver::kTruncate);
  for (const auto& [said, kept] :
       {std::pair("kill", OutputOver::kKill), std::pair("truncate", OutputOver::kTruncate)}) {
    const auto policy = policy::read_policy(
        std::string(R"({"version":1,"limits":{"output.over":")") + said + "\"}}");
    ASSERT_TRUE(policy.ok());
    EXPECT_EQ(effective_limits(options, &*policy)->output_over, kept);
    EXPECT_EQ(effective_limits({}, &*policy)->output_over, kept);
    EXPECT_EQ(effective_limits(kill, &*policy)->output_over, OutputOver::kKill);
  }
}

TEST(LimitsTest, ContradictionsAreRefused) {
  Limits options;
  options.memory = 0;
  EXPECT_FALSE(effective_limits(options, nullptr));
  options = {};
  options.timeout = std::chrono::nanoseconds(-1);
  EXPECT_FALSE(effective_limits(options, nullptr));
  options = {};
  options.open_files = 2;
  EXPECT_FALSE(effective_limits(options, nullptr));
}

}  // namespace
}  // namespace cloche::session
