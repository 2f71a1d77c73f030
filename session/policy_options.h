// A policy and the options beside it, as one.
#pragma once

#include "include/cloche/cloche.hpp"
#include "policy/policy.h"

namespace cloche::session {

// What the policy's text says. Errors: kInvalidArgument, with one line for each mistake.
Expected<policy::Policy> read_policy(const SandboxOptions& options);

// Sets the options to what both the policy and they grant: mounts and variables are the policy's,
// and those of the options may only say the same or less. Limits are left to effective_limits(),
// tools and grants to ToolSide. Errors: kInvalidArgument, for an option that the policy does not
// grant.
Expected<SandboxOptions> apply_policy(SandboxOptions options, const policy::Policy& policy);

}  // namespace cloche::session
