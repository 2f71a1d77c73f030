// A policy's "tools": which tools may be called, with which parameters, how often, until when.
//
//   [{"tool": "payments/transfer", "where": {…}, "others": "allow", "calls": 3, "bytes": 100000,
//     "rate": {"calls": 10, "per": "1m"}, "expires": "2027-01-01T00:00:00Z", "audit": "hashed"}]
//
// "tool" must be there; each of the others only narrows, and no "where" is an empty one: such a
// grant allows calls without parameters only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cap/caveats/mistake.h"
#include "cap/tree.h"

namespace cloche::cap {

// How the audit log keeps the parameters of the calls.
enum class AuditParameters : uint8_t { kWhole, kHashed, kRedacted };

// One element of "tools".
struct Grant {
  Scope scope;              // also in the restriction
  Restriction restriction;  // makes the granted capability of one over all tools
  AuditParameters audit = AuditParameters::kWhole;
  // What it allows, for a person: "may call payments/transfer at most 3 times, at most 10 times in
  // 1m, until 2027-01-01T00:00:00Z, with amount above 0 up to 100".
  std::string words;
};

// Compiles the array, in its order, which is the order in which grants are charged. All mistakes at
// once, in the order of the text; their pointers begin with `pointer`. Unknown keys are mistakes.
// An empty array grants nothing.
Result<std::vector<Grant>, Mistakes> compile_grants(const Json& tools,
                                                    const std::string& pointer = "");
// Compiles one element, such as a guest gives to narrow what it holds.
Result<Grant, Mistakes> compile_grant(const Json& grant, const std::string& pointer = "");

// A whole number and one of ns, us, ms, s, m, h, in nanoseconds; nothing when it is none or does
// not fit.
std::optional<int64_t> parse_duration(std::string_view text);

// A date and time as RFC 3339 writes it, with Z or an offset, from 1970 to 2261, in ns since
// 1970-01-01 UTC; nothing when it is none.
std::optional<int64_t> parse_time(std::string_view text);

}  // namespace cloche::cap
