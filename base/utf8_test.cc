#include "base/utf8.h"

#include <gtest/gtest.h>

namespace cloche {
namespace {

TEST(Utf8, WritesWhatItReads) {
  for (uint32_t point = 0; point <= 0x10FFFF; ++point) {
    if (point >= 0xD800 && point < 0xE000) continue;
    std::string text;
    append_utf8(text, point);
    ASSERT_EQ(utf8_sequence(text), text.size()) << point;
    ASSERT_EQ(utf8_length(text), 1u) << point;
    ASSERT_EQ(utf8_sequence(text.substr(0, text.size() - 1)), 0u) << point;
  }
}

TEST(Utf8, RefusesWhatIsNoCodePoint) {
  for (const char* bytes : {"", "\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80",
                            "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_EQ(utf8_sequence(bytes), 0u);
  }
}

TEST(Utf8Test, WholeTexts) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("a\xc3\xa4\xf0\x9f\x94\x94"));
  EXPECT_FALSE(is_utf8("a\xc3"));
  EXPECT_FALSE(is_utf8("a\xed\xa0\x80"));
}

}  // namespace
}  // namespace cloche
