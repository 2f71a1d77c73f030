#include "session/grants.h"

#include <gtest/gtest.h>

#include <chrono>

namespace cloche::session {
namespace {

using std::chrono::nanoseconds;

policy::Policy policy_of(const std::string& parts) {
  auto policy = policy::read_policy("{\"version\":1" + parts + "}");
  EXPECT_TRUE(policy.ok()) << parts;
  return policy.ok() ? std::move(policy).value() : policy::Policy{};
}

// In ns, or what is wrong.
std::string resolution(std::optional<int64_t> asked, const policy::Policy* policy) {
  SandboxOptions options;
  if (asked) options.clock_resolution = nanoseconds(*asked);
  const auto step = clock_resolution(options, policy);
  return step ? std::to_string(*step) : step.error().message;
}

TEST(ClockResolution, CanOnlyBeMadeCoarserThanThePolicys) {
  const policy::Policy silent = policy_of(""), ms = policy_of(R"(,"clock":{"resolution":"1ms"})"),
                       finest = policy_of(R"(,"clock":{"resolution":"1ns"})");
  EXPECT_EQ(resolution({}, nullptr), "100000");
  EXPECT_EQ(resolution({}, &silent), "100000");
  EXPECT_EQ(resolution({}, &ms), "1000000");
  EXPECT_EQ(resolution({}, &finest), "1");
  EXPECT_EQ(resolution(1, nullptr), "1");
  EXPECT_EQ(resolution(7, &finest), "7");
  EXPECT_EQ(resolution(1'000'000, &ms), "1000000");
  EXPECT_EQ(resolution(1'000'000'000, &ms), "1000000000");
  EXPECT_EQ(resolution(100'000, &silent), "100000");
  EXPECT_EQ(resolution(999'999, &ms),
            "clock resolution 999999ns: the policy grants no finer one than 1ms");
  EXPECT_EQ(resolution(99'000, &silent),
            "clock resolution 99us: the policy grants no finer one than 100us");
  for (const int64_t ns : {int64_t{0}, int64_t{-1}, int64_t{1'000'000'001}, INT64_MAX}) {
    for (const policy::Policy* policy : {static_cast<const policy::Policy*>(nullptr), &finest}) {
      EXPECT_EQ(resolution(ns, policy), "clock resolution: it must be from 1ns to 1s") << ns;
    }
  }
}

TEST(RandomSeed, CannotReplaceThePolicys) {
  const std::string a(64, 'a'), b(64, 'b');
  const policy::Policy silent = policy_of(""),
                       seeded = policy_of(R"(,"random":{"seed":")" + a + "\"}");
  const auto seed = [](const std::string& asked, const policy::Policy* policy) -> std::string {
    SandboxOptions options;
    options.random_seed = asked;
    const auto found = random_seed(options, policy);
    if (!found) return found.error().message;
    return *found ? std::to_string((**found)[0]) : "host";
  };
  EXPECT_EQ(seed("", nullptr), "host");
  EXPECT_EQ(seed("", &silent), "host");
  EXPECT_EQ(seed("", &seeded), "170");
  EXPECT_EQ(seed(b, nullptr), "187");
  EXPECT_EQ(seed(b, &silent), "187");
  EXPECT_EQ(seed(std::string(64, 'A'), &seeded), "170");
  EXPECT_EQ(seed(b, &seeded), "random seed: it is not the policy's");
  EXPECT_NE(seed("x\ny", nullptr).find("'x\\ny': it must be 64"), std::string::npos);
}

}  // namespace
}  // namespace cloche::session
