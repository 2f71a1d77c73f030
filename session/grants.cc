#include "session/grants.h"

#include "base/printable.h"
#include "session/failures.h"

namespace cloche::session {
namespace {

// "100us": in the largest unit that keeps it whole.
std::string time_text(int64_t ns) {
  if (ns % 1'000'000 == 0) return std::to_string(ns / 1'000'000) + "ms";
  if (ns % 1'000 == 0) return std::to_string(ns / 1'000) + "us";
  return std::to_string(ns) + "ns";
}

}  // namespace

Expected<int64_t> clock_resolution(const SandboxOptions& options, const policy::Policy* policy) {
  const bool said = policy != nullptr && policy->clock;
  const int64_t granted = said ? policy->clock->ns : kClockResolutionNs;
  if (!options.clock_resolution) return granted;
  const int64_t asked = options.clock_resolution->count();
  if (asked < policy::ClockResolution::kLeast || asked > policy::ClockResolution::kMost) {
    return invalid("clock resolution: it must be from 1ns to 1s");
  }
  if (policy != nullptr && asked < granted) {
    return invalid("clock resolution " + time_text(asked) +
                   ": the policy grants no finer one than " + time_text(granted));
  }
  return asked;
}

Expected<std::optional<SeededRandom::Seed>> random_seed(const SandboxOptions& options,
                                                        const policy::Policy* policy) {
  std::optional<SeededRandom::Seed> seed;
  if (policy != nullptr) seed = policy->random_seed;
  if (options.random_seed.empty()) return seed;
  const auto asked = SeededRandom::parse_seed(options.random_seed);
  if (!asked) {
    return invalid("random seed '" + printable(options.random_seed) +
                   "': it must be 64 hexadecimal digits, which are 32 bytes");
  }
  if (seed && *seed != *asked) return invalid("random seed: it is not the policy's");
  return asked;
}

}  // namespace cloche::session
