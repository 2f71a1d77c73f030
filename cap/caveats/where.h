// A caveat on the parameters of a call: the `where` of a policy.
//
//   {"amount": {"gt": 0, "le": 100}, "to/iban": {"starts_with": "DE"}, "note": {"max_length": 80,
//    "optional": true}}
//
// A name is a path: segments between slashes, "~1" and "~0" in one for "/" and "~". In an array a
// segment is an index, or * for every element. What is named must be there, not null and as the
// operators say; what is not named is refused, unless others are allowed. docs/capabilities.md has
// the rules in full.
#pragma once

#include <memory>

#include "base/json.h"
#include "base/result.h"
#include "cap/caveat.h"
#include "cap/caveats/mistake.h"

namespace cloche::cap {

// Parameters that `where` does not name.
enum class Others : uint8_t { kRefuse, kAllow };

// Compiles the object. All mistakes are returned at once, in the order of the text; their pointers
// begin with `pointer`. Regular expressions are compiled here, in time and memory that are bounded
// (kMaxPatternMemory). The caveat applies to tools' calls; parameters are at most as deep as the
// JSON reader allows. `where` is not kept.
Result<std::shared_ptr<const Caveat>, Mistakes> compile_where(const Json& where, Others others,
                                                              const std::string& pointer = "");

}  // namespace cloche::cap
