#include "base/decimal.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace cloche {
namespace {

TEST(Decimal, ComparesWithoutRounding) {
  const char* const ascending[] = {"-1e999999999",
                                   "-1e400",
                                   "-100",
                                   "-1.5",
                                   "-0.1",
                                   "-1e-400",
                                   "0",
                                   "1e-999999999",
                                   "1e-400",
                                   "0.1",
                                   "0.10000000000000000001",
                                   "0.3",
                                   "1",
                                   "1.0001",
                                   "9007199254740992",
                                   "9007199254740993",
                                   "18446744073709551616",
                                   "1e100",
                                   "1e400",
                                   "1.0000000000000000000000001e400"};
  for (size_t i = 0; i < std::size(ascending); ++i) {
    for (size_t j = 0; j < std::size(ascending); ++j) {
      EXPECT_TRUE(compare_decimals(ascending[i], ascending[j]) == (i <=> j))
          << ascending[i] << " " << ascending[j];
    }
  }
}

TEST(Decimal, KnowsEveryFormOfANumber) {
  for (const char* one : {"1", "1.0", "1.000", "10e-1", "0.1e1", "0.001E+3", "100e-02", "1e0"}) {
    EXPECT_TRUE(compare_decimals(one, "1") == 0) << one;
  }
  for (const char* zero : {"0", "-0", "0.000", "-0.0e5", "0e999999999", "0E-999999999"}) {
    EXPECT_TRUE(compare_decimals(zero, "0") == 0) << zero;
    EXPECT_TRUE(compare_decimals(zero, "1e-999999999") < 0) << zero;
    EXPECT_TRUE(compare_decimals(zero, "-1e-999999999") > 0) << zero;
  }
}

// A number a * 10^-point, written in one of several ways.
std::string spell(std::mt19937_64& random, int64_t a, int point) {
  std::string digits = std::to_string(a < 0 ? -a : a);
  int exponent = -point;
  const auto cut = static_cast<int>(random() % (digits.size() + 3));
  if (cut > 0) {
    if (digits.size() <= static_cast<size_t>(cut))
      digits.insert(0, static_cast<size_t>(cut) + 1 - digits.size(), '0');
    digits.insert(digits.size() - static_cast<size_t>(cut), ".");
    exponent += cut;
    digits.append(random() % 3, '0');
  }
  if (exponent != 0 || random() % 2) digits += "e" + std::to_string(exponent);
  return (a < 0 ? "-" : "") + digits;
}

TEST(Decimal, AgreesWithIntegers) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 200'000; ++i) {
    const auto number = [&random] {
      const auto range = int64_t{1} << (random() % 40);
      return static_cast<int64_t>(random() % static_cast<uint64_t>(2 * range)) - range;
    };
    const int64_t a = number(), b = random() % 4 == 0 ? a : number();
    const int p = static_cast<int>(random() % 12),
              q = random() % 2 ? p : static_cast<int>(random() % 12);
    __int128 x = a, y = b;  // both times 10^12
    for (int k = p; k < 12; ++k) x *= 10;
    for (int k = q; k < 12; ++k) y *= 10;
    const std::string s = spell(random, a, p), t = spell(random, b, q);
    const auto expected = x < y   ? std::strong_ordering::less
                          : x > y ? std::strong_ordering::greater
                                  : std::strong_ordering::equal;
    ASSERT_TRUE(compare_decimals(s, t) == expected) << s << " " << t;
  }
}

}  // namespace
}  // namespace cloche
