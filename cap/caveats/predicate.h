// What a policy may demand of one JSON value: the operators of the policy file.
//
// A judgement has three answers. What a predicate does not speak about (another type, a URL or a
// path that is not well-formed, an empty list) is kUnclear, and unclear stays unclear under `not`:
// so no negation and no `any` lets through what its author did not think of.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "cap/caveats/mistake.h"
#include "cap/caveats/url.h"
#include "cap/index/demand.h"

namespace re2 {
class RE2;
}

namespace cloche::cap {

enum class Verdict : uint8_t { kHolds, kFails, kUnclear };

struct Operator;

struct Predicate {
  const Operator* op = nullptr;
  Json operand;                           // as in the policy
  std::vector<Predicate> parts;           // all, any, not: one of each operand, a conjunction each
  uint64_t count = 0;                     // min_length, max_length
  std::shared_ptr<const re2::RE2> regex;  // matches
  std::vector<HostPattern> hosts;         // host_in

  // Linear in the sizes of the value and of the predicate.
  Verdict judge(const Json& value) const;
  // "above 0", "one of \"EUR\", \"USD\"".
  std::string describe() const;
  // Why a value is not what the operator can judge ("the URL has user information"); may be empty.
  std::string objection(const Json& value) const;
  // See Caveat::demands(); its path is empty.
  std::optional<Demand> demand() const;
  size_t bytes() const;
};

// Bounds of what one where clause may hold; beyond them compiling gives a mistake.
inline constexpr size_t kMaxPredicates = 4096;
inline constexpr size_t kMaxPattern = 4096;               // bytes of a regular expression
inline constexpr int64_t kMaxPatternMemory = 128 * 1024;  // bytes that it may use

// Compiles {"op": operand, …} to a conjunction, in the order of the text. Appends to `mistakes`
// what is wrong, in which case the result is of no use. `room`: how many predicates more there may
// be.
std::vector<Predicate> compile_predicates(const Json& operators, const std::string& pointer,
                                          size_t& room, Mistakes& mistakes);

// Holds when all hold; unclear when one is unclear.
Verdict judge_all(const std::vector<Predicate>& predicates, const Json& value);
std::string describe_all(const std::vector<Predicate>& predicates);

// Names of all operators, and of the two that say whether a parameter must be there.
std::vector<std::string_view> operator_names();

// A value for a message: whole when short, printable.
std::string shown(const Json& value);

}  // namespace cloche::cap
