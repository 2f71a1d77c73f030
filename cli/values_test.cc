#include "cli/values.h"

#include <gtest/gtest.h>

#include <chrono>

namespace cloche::cli {
namespace {

using namespace std::chrono_literals;  // NOLINT

TEST(ParseDurationTest, Units) {
  EXPECT_EQ(*parse_duration("7ns"), 7ns);
  EXPECT_EQ(*parse_duration("7us"), 7us);
  EXPECT_EQ(*parse_duration("7ms"), 7ms);
  EXPECT_EQ(*parse_duration("7s"), 7s);
  EXPECT_EQ(*parse_duration("7m"), 7min);
  EXPECT_EQ(*parse_duration("7h"), 7h);
  EXPECT_EQ(*parse_duration("0"), 0ns);
}

TEST(ParseDurationTest, SumsAndDecimals) {
  EXPECT_EQ(*parse_duration("1m30s"), 90s);
  EXPECT_EQ(*parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(*parse_duration(".5s"), 500ms);
  EXPECT_EQ(*parse_duration("1h0.5m1ms"), 1h + 30s + 1ms);
}

TEST(ParseDurationTest, Refusals) {
  for (const char* text : {"", "5", "s", "1x", "1S", "-1s", "+1s", "1 s", "1s ", "1e3s", "nan",
                           "1.2.3s", "0s", "0.1ns", "99999999h", "1ss", "inf", "0x1s"}) {
    const auto value = parse_duration(text);
    ASSERT_FALSE(value) << text;
    EXPECT_NE(value.error().message.find("30s"), std::string::npos) << value.error().message;
  }
}

TEST(ParseSizeTest, Units) {
  EXPECT_EQ(*parse_size("1"), 1u);
  EXPECT_EQ(*parse_size("5B"), 5u);
  EXPECT_EQ(*parse_size("5K"), 5u << 10);
  EXPECT_EQ(*parse_size("5m"), 5u << 20);
  EXPECT_EQ(*parse_size("5G"), 5ull << 30);
}

TEST(ParseSizeTest, Refusals) {
  for (const char* text : {"", "0", "0M", "M", "-1", "+1", "1.5M", "1MB", "1T", "1 M",
                           "18446744073709551616", "99999999999G", "9223372036854775808"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(ParseCountTest, Range) {
  EXPECT_EQ(*parse_count("1", 1, 10), 1u);
  EXPECT_EQ(*parse_count("10", 1, 10), 10u);
  for (const char* text : {"", "0", "11", "-1", "1x", " 1", "1 ", "99999999999999999999"}) {
    EXPECT_FALSE(parse_count(text, 1, 10)) << text;
  }
}

void expect_mount(const char* text, const char* host, const char* guest, MountMode mode) {
  const auto mount = parse_mount(text);
  ASSERT_TRUE(mount) << text << ": " << mount.error().message;
  EXPECT_EQ(mount->host, host) << text;
  EXPECT_EQ(mount->guest, guest) << text;
  EXPECT_EQ(mount->mode, mode) << text;
}

TEST(ParseMountTest, Forms) {
  expect_mount("/a:/b", "/a", "/b", MountMode::kReadOnly);
  expect_mount("/a:/b:ro", "/a", "/b", MountMode::kReadOnly);
  expect_mount("./a:/b:rw", "./a", "/b", MountMode::kReadWrite);
  expect_mount("a:/b:cow", "a", "/b", MountMode::kCopyOnWrite);
  expect_mount("/a:b:/c", "/a:b", "/c", MountMode::kReadOnly);
  expect_mount("/a:b:/c:rw", "/a:b", "/c", MountMode::kReadWrite);
  expect_mount("/a:/b:/c", "/a:/b", "/c", MountMode::kReadOnly);
  expect_mount("ro:/ro:ro", "ro", "/ro", MountMode::kReadOnly);
}

TEST(ParseMountTest, Refusals) {
  for (const char* text : {"", ":", "/a", "/a:", "/a:b", ":/b", ":/b:ro", "/a:ro",
                           "/a:/b:", "/a:/b:RO", "/a:/b:ro:rw", "/a:/b:z", "/a:b:ro"}) {
    EXPECT_FALSE(parse_mount(text)) << text;
  }
}

TEST(ParseAssignmentTest, Forms) {
  EXPECT_EQ(parse_assignment("A=")->second, "");
  EXPECT_EQ(parse_assignment("_a1=x=y")->first, "_a1");
  EXPECT_EQ(parse_assignment("_a1=x=y")->second, "x=y");
  for (const char* text : {"", "A", "=x", "1A=x", "A-B=x", "A B=x", "\xc3\xa4=x"}) {
    EXPECT_FALSE(parse_assignment(text)) << text;
  }
}

}  // namespace
}  // namespace cloche::cli
