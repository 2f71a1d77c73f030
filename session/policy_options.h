// A policy and the options beside it, as one.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cap/tree.h"
#include "include/cloche/cloche.hpp"
#include "policy/policy.h"

namespace cloche::session {

// What the policy's text says. Errors: kInvalidArgument, with one line for each mistake.
Expected<policy::Policy> read_policy(const SandboxOptions& options);

// Whether two paths, of mounts, name the same folder or file.
using SameFolder = std::function<bool(const std::string& a, const std::string& b)>;
// Of the host; as they are written where there is none.
bool same_host_folder(const std::string& a, const std::string& b);

// The policy's mounts; relative paths begin at `folder`.
std::vector<Mount> policy_mounts(const policy::Policy& policy, const std::string& folder);

// Sets the options to what both the policy and they grant: mounts and variables are the policy's,
// and those of the options may only say the same or less. Limits are left to effective_limits(),
// tools, sandboxes and grants to ToolSide. Errors: kInvalidArgument, for an option that the policy
// does not grant.
Expected<SandboxOptions> apply_policy(SandboxOptions options, const policy::Policy& policy,
                                      const SameFolder& same);

// What the policy (null: none) and the options say of sandboxes inside, as a restriction of the
// right to start them: of both the smaller number. Nothing: neither grants any.
std::optional<cap::Restriction> sandbox_restriction(const policy::Policy* policy,
                                                    const std::optional<uint64_t>& asked);

}  // namespace cloche::session
