#include "base/decimal.h"

#include <algorithm>
#include <cstdint>

namespace cloche {
namespace {

// sign * 0.d1d2d3... * 10^scale, where d1 is not zero. No digits: the number is zero.
struct Decimal {
  bool negative = false;
  std::string_view whole, fraction;  // the digits: those of `whole`, then those of `fraction`
  int64_t scale = 0;

  size_t size() const { return whole.size() + fraction.size(); }
  char digit(size_t i) const {
    return i < whole.size() ? whole[i] : i < size() ? fraction[i - whole.size()] : '0';
  }
};

int64_t exponent_of(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int64_t value = 0;
  for (const char c : text) value = value * 10 + (c - '0');
  return negative ? -value : value;
}

void drop_leading_zeros(Decimal& number) {
  number.whole.remove_prefix(std::min(number.whole.find_first_not_of('0'), number.whole.size()));
  number.scale += static_cast<int64_t>(number.whole.size());
  if (!number.whole.empty()) return;
  const size_t zeros = std::min(number.fraction.find_first_not_of('0'), number.fraction.size());
  number.fraction.remove_prefix(zeros);
  number.scale -= static_cast<int64_t>(zeros);
}

Decimal parse(std::string_view text) {
  Decimal number;
  number.negative = text.starts_with('-');
  if (number.negative) text.remove_prefix(1);
  const size_t e = std::min(text.find_first_of("eE"), text.size());
  if (e < text.size()) number.scale = exponent_of(text.substr(e + 1));
  text = text.substr(0, e);
  const size_t point = std::min(text.find('.'), text.size());
  number.whole = text.substr(0, point);
  if (point < text.size()) number.fraction = text.substr(point + 1);
  drop_leading_zeros(number);
  if (number.size() == 0) number = Decimal();  // all zeros are one, -0 too
  return number;
}

std::strong_ordering compare_sizes(const Decimal& a, const Decimal& b) {
  if (a.size() == 0 || b.size() == 0) return (a.size() != 0) <=> (b.size() != 0);
  if (a.scale != b.scale) return a.scale <=> b.scale;
  const size_t count = std::max(a.size(), b.size());
  for (size_t i = 0; i < count; ++i) {
    if (a.digit(i) != b.digit(i)) return a.digit(i) <=> b.digit(i);
  }
  return std::strong_ordering::equal;
}

}  // namespace

std::strong_ordering compare_decimals(std::string_view a, std::string_view b) {
  const Decimal x = parse(a), y = parse(b);
  if (x.negative != y.negative) {
    return x.negative ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  return x.negative ? compare_sizes(y, x) : compare_sizes(x, y);
}

}  // namespace cloche
