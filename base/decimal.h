// Numbers as JSON writes them, compared exactly: no rounding, whatever their size.
#pragma once

#include <compare>
#include <string_view>

namespace cloche {

// Both are JSON numbers whose exponents have at most nine digits (base/json.h). Linear time.
std::strong_ordering compare_decimals(std::string_view a, std::string_view b);

}  // namespace cloche
