#include "cli/control/text.h"

#include <gtest/gtest.h>

namespace cloche::cli {
namespace {

TEST(DisplayableTest, WhatTerminalsObeyBecomesAQuestionMark) {
  struct Case {
    std::string_view text, shown;
  };
  const Case cases[] = {
      {"plain \\n", "plain \\n"},
      {"a\x1b[2Jb", "a?[2Jb"},
      {std::string_view("a\0b\r\n\t\x7f", 7), "a?b????"},
      {"\xc3\xa4\xe6\xbc\xa2", "\xc3\xa4\xe6\xbc\xa2"},  // ä and a Han character
      {"\xc2\x9b"
       "2J",
       "?2J"},              // C1: CSI
      {"e\xcc\x81", "e?"},  // a combining mark
      {"\xe2\x80\xae"
       "cod.exe",
       "?cod.exe"},           // right-to-left override
      {"\xe2\x80\x8b", "?"},  // zero width space
      {"\xff\xfe", "??"},
      {"\xc3", "?"},
      {"\xed\xa0\x80", "???"},  // a surrogate
      {"", ""},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(displayable(one.text), one.shown);
    EXPECT_EQ(displayable(displayable(one.text)), one.shown);
  }
  EXPECT_EQ(displayable("\xc3\xa4x\xe6\xbc\xa2", Charset::kAscii), "?x?");
}

TEST(FitTest, CutsByColumns) {
  EXPECT_EQ(fit("abc", 5), "abc  ");
  EXPECT_EQ(fit("abc", 5, Align::kRight), "  abc");
  EXPECT_EQ(fit("abcdef", 4), "abc+");
  EXPECT_EQ(fit("abc", 3), "abc");
  EXPECT_EQ(fit("abc", 1), "+");
  EXPECT_EQ(fit("abc", 0), "");
  // Two columns each: the second one does not fit beside the mark.
  EXPECT_EQ(fit("\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2", 4), "\xe6\xbc\xa2+ ");
  for (size_t width = 0; width < 12; ++width) {
    EXPECT_EQ(display_width(fit("a\xe6\xbc\xa2\x1b\xff\xc3\xa4\xe6\xbc\xa2yz", width)), width);
  }
}

TEST(AmountsTest, Bytes) {
  EXPECT_EQ(short_bytes(0), "0");
  EXPECT_EQ(short_bytes(1023), "1023");
  EXPECT_EQ(short_bytes(1024), "1.0K");
  EXPECT_EQ(short_bytes(10 << 10), "10K");
  EXPECT_EQ(short_bytes((1 << 20) - 1), "1.0M");
  EXPECT_EQ(short_bytes(512ull << 20), "512M");
  EXPECT_EQ(short_bytes(UINT64_MAX), "16E");
}

TEST(AmountsTest, Times) {
  EXPECT_EQ(short_time(-5), "0.00s");
  EXPECT_EQ(short_time(50'000'000), "0.05s");
  EXPECT_EQ(short_time(1'500'000'000), "1.5s");
  EXPECT_EQ(short_time(59'900'000'000), "59s");
  EXPECT_EQ(short_time(90'000'000'000), "1m30s");
  EXPECT_EQ(short_time(3'600'000'000'000), "1h00m");
  EXPECT_EQ(short_time(90'000'000'000'000), "1d01h");
  EXPECT_EQ(short_time(INT64_MAX), "106751d");
}

TEST(AmountsTest, Percents) {
  EXPECT_EQ(short_percent(percent_of(1, 3)), "33.3");
  EXPECT_EQ(short_percent(percent_of(2, 1)), "200");
  EXPECT_EQ(short_percent(percent_of(1, 0)), "0.0");
  EXPECT_EQ(short_percent(percent_of(-1, 5)), "0.0");
}

TEST(AmountsTest, LimitsInBytes) {
  EXPECT_EQ(bytes_of_limit("256M"), 256ull << 20);
  EXPECT_EQ(bytes_of_limit("1024"), 1024u);
  for (const char* text : {"none", "", "M", "12MB", "-1", "1.5M", "17179869184G", "5s"}) {
    EXPECT_FALSE(bytes_of_limit(text)) << text;
  }
}

}  // namespace
}  // namespace cloche::cli
