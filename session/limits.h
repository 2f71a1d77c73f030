// The limits of a sandbox, none left open; what a table says of each (session/limits.cc).
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "include/cloche/cloche.hpp"
#include "policy/policy.h"
#include "sched/scheduler.h"
#include "tools/broker.h"

namespace cloche::session {

inline constexpr uint64_t kNoLimit = UINT64_MAX;

// As cloche::Limits; the values here are the defaults. Times of zero and numbers of kNoLimit: none.
struct EffectiveLimits {
  std::chrono::nanoseconds timeout = std::chrono::seconds(60);
  std::chrono::nanoseconds cpu_time = std::chrono::seconds(30);
  std::chrono::nanoseconds compile_time = std::chrono::seconds(60);
  uint64_t cpu_weight = 100;
  uint64_t cpu_max = kNoLimit;  // thousandths of a CPU
  std::string cpus = {};        // empty: all
  uint64_t memory = 512ull << 20;
  uint64_t memory_high = kNoLimit;
  uint64_t processes = 256;
  uint64_t fork_rate = 50'000;
  uint64_t disk = 1ull << 30;
  uint64_t inodes = 100'000;
  uint64_t file_size = kNoLimit;
  uint64_t open_files = 1024;
  uint64_t timers = 4096;
  uint64_t watches = 65'536;
  uint64_t pipe = 64 << 10;
  uint64_t arguments = 2 << 20;
  uint64_t module_size = 64 << 20;
  uint64_t tool_calls = 100'000;
  uint64_t tool_bytes = 1ull << 30;
  std::chrono::nanoseconds tool_time = std::chrono::seconds(0);
  uint64_t output = 64ull << 20;
  OutputOver output_over = OutputOver::kKill;
};

// What the options and the policy (null: none) say together. Errors: kInvalidArgument (a time below
// zero, a size or count of zero, fewer than three open files); kUnsupported, for a limit of the
// policy that this version cannot keep.
Expected<EffectiveLimits> effective_limits(const Limits& options, const policy::Policy* policy);

// What the policy says. Errors: kUnsupported, for a limit that this version cannot keep.
Expected<Limits> limits_of(const policy::Policy& policy);

// What the broker is told.
tools::CallLimits call_limits(const EffectiveLimits& limits);

// Whether something is limited that only the scheduler's workers can keep.
bool needs_workers(const EffectiveLimits& limits);

// What the scheduler is told. `limits` are valid.
sched::Share share_of(const EffectiveLimits& limits);

// Of each limit the smaller one: what a sandbox may have inside one that has `outer`.
EffectiveLimits within(const EffectiveLimits& limits, const EffectiveLimits& outer);

// All of them by the names that policies use, with values as policies write them, or "none".
std::vector<LimitValue> list_limits(const EffectiveLimits& limits);

// Sets one by its name. Gives what is wrong; then nothing has changed.
std::optional<Failure> change_limit(EffectiveLimits& limits, const std::string& name,
                                    const std::string& value);

// The one of that name.
void copy_limit(const EffectiveLimits& from, Limits& to, std::string_view name);

}  // namespace cloche::session
