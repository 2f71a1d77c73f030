#include "cap/index/demand.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <functional>
#include <string_view>

namespace cloche::cap {
namespace {

// The kind stands in the highest three bits, so 61 are left for the value.
constexpr int kValueBits = 61;
constexpr uint64_t kValues = uint64_t{1} << kValueBits;
constexpr size_t kHashedBytes = 256;  // of a whole string

uint64_t kind_bits(Json::Kind kind) { return (static_cast<uint64_t>(kind) + 1) << kValueBits; }

// The nearest double, whose bits are in the order of the numbers once those of negative ones are
// turned round. Rounding keeps the order; digits beyond a double's make no difference here.
uint64_t order_of_number(std::string_view text) {
  constexpr uint64_t kSign = uint64_t{1} << 63;
  double number =
      0;  // what is too small for a double is zero, and the reader lets none too large in
  std::from_chars(text.data(), text.data() + text.size(), number);
  if (number == 0) number = 0;  // of two zeros one
  const auto bits = std::bit_cast<uint64_t>(number);
  return (bits & kSign ? ~bits : bits | kSign) >> (64 - kValueBits);
}

uint64_t hash_of(std::string_view text) {
  return std::hash<std::string_view>()(text) >> (64 - kValueBits);
}

uint64_t measure_of_string(std::string_view text, const Scale& scale) {
  switch (scale.kind) {
    case Scale::Kind::kOrder:
      return 0;
    case Scale::Kind::kWhole:
      return hash_of(text.substr(0, kHashedBytes)) ^ (text.size() & (kValues - 1));
    case Scale::Kind::kPrefix:
      return hash_of(text.substr(0, scale.length));
    case Scale::Kind::kSuffix:
      return hash_of(text.substr(text.size() - std::min(text.size(), scale.length)));
  }
  return 0;
}

}  // namespace

Measure measure(const Json* value, const Scale& scale) {
  if (!value) return 0;
  const Measure kind = kind_bits(value->kind);
  switch (value->kind) {
    case Json::Kind::kBool:
      return kind | (value->boolean ? 1 : 0);
    case Json::Kind::kNumber:
      return kind | order_of_number(value->text);
    case Json::Kind::kString:
      return kind | measure_of_string(value->text, scale);
    default:
      return kind;
  }
}

Range kind_range(Json::Kind kind) { return {kind_bits(kind), kind_bits(kind) + kValues - 1}; }

bool Demand::met_by(Measure m) const {
  return std::any_of(ranges.begin(), ranges.end(), [m](const Range& r) { return r.contains(m); });
}

Range Demand::hull() const {
  Range hull = ranges.front();
  for (const Range& range : ranges) {
    hull = {std::min(hull.least, range.least), std::max(hull.most, range.most)};
  }
  return hull;
}

size_t Demand::bytes() const {
  size_t sum = sizeof(Demand) + ranges.size() * sizeof(Range);
  for (const std::string& name : path) sum += sizeof(std::string) + name.size();
  return sum;
}

const Json* value_at(const Json* parameters, const std::vector<std::string>& path) {
  const Json* value = parameters;
  for (const std::string& name : path) {
    if (!value || !value->is(Json::Kind::kObject)) return nullptr;
    value = value->find(name);
  }
  return value;
}

}  // namespace cloche::cap
