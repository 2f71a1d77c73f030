// The limits of a sandbox, none left open.
#pragma once

#include <chrono>
#include <cstdint>

#include "include/cloche/cloche.hpp"
#include "policy/policy.h"

namespace cloche::session {

// As cloche::Limits; the values here are the defaults.
struct EffectiveLimits {
  std::chrono::nanoseconds timeout = std::chrono::seconds(60);   // zero: none
  std::chrono::nanoseconds cpu_time = std::chrono::seconds(30);  // zero: none
  uint64_t memory = 512ull << 20;
  uint32_t processes = 256;
  uint64_t disk = 1ull << 30;
  uint64_t inodes = 100'000;
  uint32_t open_files = 1024;
  uint64_t output = 64ull << 20;
};

// What the policy says. Errors: kUnsupported, for a limit that this version cannot keep.
Expected<Limits> limits_of(const policy::Policy& policy);

// Of each limit the smaller one: what a sandbox may have inside one that has `outer`.
EffectiveLimits within(const EffectiveLimits& limits, const EffectiveLimits& outer);

// What the options and the policy (null: none) say together. Errors: kInvalidArgument (a time below
// zero, a size or count of zero, fewer than three open files); kUnsupported, for a limit of the
// policy that this version cannot keep.
Expected<EffectiveLimits> effective_limits(const Limits& options, const policy::Policy* policy);

}  // namespace cloche::session
