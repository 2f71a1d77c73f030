#include "base/printable.h"

#include <gtest/gtest.h>

namespace cloche {
namespace {

TEST(PrintableTest, KeepsTextAsItIs) {
  EXPECT_EQ(printable("a b~'\"$"), "a b~'\"$");
  EXPECT_EQ(printable("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\x94"),
            "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\x94");
  EXPECT_EQ(printable(""), "");
}

TEST(PrintableTest, EscapesControls) {
  EXPECT_EQ(printable("a\nb\tc\rd\\"), "a\\nb\\tc\\rd\\\\");
  EXPECT_EQ(printable(std::string_view("\0\x1b[2J\x7f", 6)), "\\x00\\x1b[2J\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");  // CSI in one C1 control
}

TEST(PrintableTest, EscapesBrokenUtf8) {
  EXPECT_EQ(printable("\xff\x80"), "\\xff\\x80");
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");           // overlong '/'
  EXPECT_EQ(printable("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");  // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // surrogate
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(printable("\xe2\x82"), "\\xe2\\x82");  // cut off
}

TEST(PrintableTest, EscapesMarksThatTurnText) {
  EXPECT_EQ(printable("\xe2\x80\xae"), "\\xe2\\x80\\xae");  // U+202E
  EXPECT_EQ(printable("\xe2\x81\xa6"), "\\xe2\\x81\\xa6");  // U+2066
  EXPECT_EQ(printable("\xe2\x80\xa8"), "\\xe2\\x80\\xa8");  // line separator
}

}  // namespace
}  // namespace cloche
