// A caveat: a further condition on every use of a capability and of all that is derived from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "cap/index/demand.h"
#include "cap/rights.h"
#include "cap/scope.h"

namespace cloche::cap {

// What someone wants to do. References to what the caller keeps for the duration of the call.
struct Request {
  Kind kind = Kind::kTool;
  std::string_view name;             // canonical; no other form matches any capability
  Rights rights = Right::kInvoke;    // all that are needed
  const Json* parameters = nullptr;  // of a tool's call; null: none
  uint64_t bytes = 0;                // to be charged, such as the size of the parameters
};

// Immutable and without side effects: safe from any thread, the same answer each time.
class Caveat {
 public:
  virtual ~Caveat() = default;
  // What cannot be judged (a parameter that is missing or of another type) is not allowed.
  virtual bool allows(const Request& request) const = 0;
  // Why it does not allow the request, for a person: names the parameter. Printable, some lines at
  // most. Called only after allows() said no.
  virtual std::string explain(const Request& request) const = 0;
  // What it demands, in words: "amount above 0 up to 100".
  virtual std::string describe() const = 0;
  // What every request that it allows meets; lives as long as the caveat.
  virtual std::span<const Demand> demands() const { return {}; }
  // Memory that it holds at most, in bytes.
  virtual size_t bytes() const = 0;
};

}  // namespace cloche::cap
