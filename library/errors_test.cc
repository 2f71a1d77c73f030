#include <gtest/gtest.h>

#include <memory>

#include "library/errors_quiet.h"

namespace cloche {
namespace {

const Failure kBad{Failure::Kind::kBusy, "too much at once"};

TEST(ErrorsTest, ValueGivesTheValue) {
  Expected<int> good = 7;
  good.value() = 8;
  EXPECT_EQ(std::as_const(good).value(), 8);
  EXPECT_EQ(*Expected<std::unique_ptr<int>>(std::make_unique<int>(9)).value(), 9);  // moved out
  EXPECT_EQ(quiet_value(good), 8);
  check(std::nullopt);
  quiet_check(std::nullopt);
}

TEST(ErrorsTest, ValueOfAFailureThrows) {
  Expected<int> bad = kBad;
  EXPECT_THROW((void)bad.value(), Exception);
  EXPECT_THROW((void)std::as_const(bad).value(), Exception);
  EXPECT_THROW((void)Expected<int>(kBad).value(), std::exception);
  try {
    check(kBad);
    FAIL() << "nothing was thrown";
  } catch (const Exception& error) {
    EXPECT_STREQ(error.what(), "too much at once");
    EXPECT_EQ(error.kind(), Failure::Kind::kBusy);
    EXPECT_EQ(error.failure().message, "too much at once");
  }
}

TEST(ErrorsTest, WithoutExceptionsTheProcessEnds) {
  EXPECT_DEATH((void)quiet_value(kBad), "cloche: too much at once");
  EXPECT_DEATH(quiet_check(kBad), "cloche: too much at once");
}

TEST(ErrorsTest, ThroughTheSharedLibrary) {
  EXPECT_STREQ(version(), CLOCHE_VERSION_STRING);
  EXPECT_THROW((void)Host::create({.pack = "/nowhere/cloche.pack"}).value(), Exception);
  Limits limits;
  EXPECT_THROW(check(set_limit(limits, "memory.max", "much")), Exception);
  EXPECT_NO_THROW(check(set_limit(limits, "memory.max", "64M")));
}

}  // namespace
}  // namespace cloche
