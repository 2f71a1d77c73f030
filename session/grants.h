// Clock resolution and the seed of random numbers: what the options and a policy say together.
#pragma once

#include <cstdint>
#include <optional>

#include "base/seeded_random.h"
#include "include/cloche/cloche.hpp"
#include "policy/policy.h"

namespace cloche::session {

// When nobody says another one. What browsers give scripts that share a process with others'
// secrets; it divides a millisecond, so a wait of whole milliseconds never reads as shorter.
inline constexpr int64_t kClockResolutionNs = 100'000;

// In ns. Errors: kInvalidArgument (not 1 ns to 1 s, or finer than the policy grants). `policy`,
// here and below: null for none.
Expected<int64_t> clock_resolution(const SandboxOptions& options, const policy::Policy* policy);

// Nothing: the host's random numbers. Errors: kInvalidArgument (no seed, or not the policy's).
Expected<std::optional<SeededRandom::Seed>> random_seed(const SandboxOptions& options,
                                                        const policy::Policy* policy);

}  // namespace cloche::session
