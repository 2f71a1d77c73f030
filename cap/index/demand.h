// What a condition on parameters demands for certain, said in numbers.
//
// A value is measured: it becomes a number such that a demand on it is a range of numbers. Demands
// are necessary and not sufficient: a call that is allowed meets all of them, one that meets them
// may still be refused.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"

namespace cloche::cap {

// How a value is measured. Values of different kinds have different measures on each scale, in the
// order of Json::Kind. What is absent measures 0.
struct Scale {
  enum class Kind : uint8_t {
    kOrder,   // numbers by size, false before true; all strings alike
    kWhole,   // as kOrder, but equal strings alike and most others not
    kPrefix,  // as kWhole, of the first `length` bytes
    kSuffix,  // as kWhole, of the last `length` bytes
  };
  Kind kind = Kind::kOrder;
  size_t length = 0;
  auto operator<=>(const Scale&) const = default;
};

using Measure = uint64_t;

// Of a value that read_json() gave, or null for one that is absent. Numbers that are equal, however
// they are written, measure the same, and of two the larger never less. Linear in the length of a
// number and of a prefix or suffix.
Measure measure(const Json* value, const Scale& scale);

// From `least` to `most`, both included.
struct Range {
  Measure least = 0, most = 0;
  bool contains(Measure m) const { return m - least <= most - least; }
};

// What measures so on every scale: a value of that kind.
Range kind_range(Json::Kind kind);

// The value in so many objects in one another is in one of the ranges. Through an array no path
// leads: it counts as absent.
struct Demand {
  std::vector<std::string> path;  // names of members, from the parameters down
  Scale scale;
  std::vector<Range> ranges;  // one at least

  bool met_by(Measure m) const;
  Range hull() const;    // from the least to the most of all ranges
  size_t bytes() const;  // of memory
};

// The value that a path leads to; null when there is none. `parameters` may be null.
const Json* value_at(const Json* parameters, const std::vector<std::string>& path);

}  // namespace cloche::cap
