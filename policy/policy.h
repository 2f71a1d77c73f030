// The policy file: everything that a sandbox may do, and nothing else.
//
//   {"version": 1, "tools": […], "mounts": […], "env": {…}, "limits": {…},
//    "sandboxes": {"runs": 3, "expires": "2027-01-01T00:00:00Z"},
//    "clock": {"resolution": "1ms"}, "random": {"seed": "…"}}
//
// "version" must be there and be 1. A part that is missing grants nothing of its kind, and leaves
// limits, clocks and random numbers as they are. Unknown keys, names, units and operators are
// mistakes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/seeded_random.h"
#include "cap/caveats/grant.h"
#include "cap/space.h"
#include "policy/limits.h"

namespace cloche::policy {

enum class MountMode : uint8_t { kReadOnly, kReadWrite, kCopyOnWrite };

struct Mount {
  std::string host;   // as written; a relative one is for the caller to resolve
  std::string guest;  // absolute, canonical; no two mounts have the same
  MountMode mode = MountMode::kReadOnly;
};

inline constexpr uint64_t kMaxSandboxRuns = 1'000'000'000;

// The right to start sandboxes inside.
struct Sandboxes {
  std::optional<uint64_t> runs;       // how many in all; nothing: any number
  std::optional<int64_t> expires_ns;  // realtime
  std::string words;                  // "may start at most 3 sandboxes inside"
};

// What the clocks of the sandbox are rounded down to.
struct ClockResolution {
  static constexpr int64_t kLeast = 1, kMost = 1'000'000'000;
  int64_t ns = 0;
  std::string text;  // as in the policy
};

struct Policy {
  std::vector<cap::Grant> tools;  // in the order of the file, which is that of charging
  std::vector<Mount> mounts;
  std::vector<std::pair<std::string, std::string>> env;  // by name; each once
  std::vector<Limit> limits;                             // each name once
  std::optional<Sandboxes> sandboxes;                    // nothing: it may start none
  std::optional<ClockResolution> clock;
  std::optional<SeededRandom::Seed> random_seed;

  const Limit* limit(std::string_view name) const;  // null: not set
};

inline constexpr size_t kMaxPolicyBytes = size_t{8} << 20;

// Reads and compiles a policy file. All mistakes at once, in the order of the file; what is no JSON
// gives the first only.
Result<Policy, cap::Mistakes> read_policy(std::string_view text);

// "policy.json:3:7: /tools/0/cals: there is no key \"cals\" here; did you mean \"calls\"?"
std::string locate(const cap::Mistake& mistake, std::string_view file, std::string_view text);

// Derives a capability of each grant from `root`, which is over all tools, and installs it, in
// their order: what a sandbox with this policy starts with. All or nothing; errors as
// Capability::derive() and Space::install().
Status install(const std::vector<cap::Grant>& grants, const cap::Capability& root,
               cap::Space& space);

// What a fresh sandbox with this policy would answer to a call: nothing when it would allow it. The
// same code decides as for a sandbox.
std::optional<cap::Denial> check_call(const Policy& policy, std::string_view tool,
                                      const Json& parameters, uint64_t bytes, const cap::Now& now);

}  // namespace cloche::policy
