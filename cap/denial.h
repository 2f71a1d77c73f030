// Why a capability does not allow something.
#pragma once

#include <cstdint>
#include <string>

namespace cloche::cap {

// In the order of the checks, so that of two refusals the later one is the nearer to being allowed.
enum class Reason : uint8_t {
  kNoCapability,  // nothing is held
  kScope,         // what is held names something else
  kRevoked,
  kExpired,
  kRights,  // a right that is needed is not there
  kCaveat,  // the parameters are not what a caveat demands
  kCalls,   // the budget of calls is used up
  kBytes,   // the rest of the budget of bytes is smaller than the request
  kRate,    // too many calls in the period; later ones may pass
};

// "no_capability", "scope", … for logs and programs.
const char* reason_name(Reason reason);

// The number of a node in its tree, for logs. Never used twice; 0 is none.
using NodeId = uint64_t;

struct Denial {
  Reason reason = Reason::kNoCapability;
  NodeId node = 0;             // which capability of the chain refused
  std::string text;            // for a person; printable
  int64_t retry_after_ns = 0;  // kRate: when the budget allows a call again
};

}  // namespace cloche::cap
