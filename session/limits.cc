#include "session/limits.h"

#include <algorithm>

#include "session/failures.h"

namespace cloche::session {
namespace {

using std::chrono::nanoseconds;

constexpr uint32_t kLeastOpenFiles = 3;  // the standard streams

// What the policy says, as far as something keeps it. False: nothing does.
bool take_limit(Limits& limits, const policy::Limit& limit) {
  const std::string_view name = limit.row->name;
  const nanoseconds time(static_cast<int64_t>(std::min<uint64_t>(limit.value, INT64_MAX)));
  const auto count = static_cast<uint32_t>(std::min<uint64_t>(limit.value, UINT32_MAX));
  if (name == "cpu.time") {
    limits.cpu_time = time;
  } else if (name == "wall.time") {
    limits.timeout = time;
  } else if (name == "memory.max") {
    limits.memory = limit.value;
  } else if (name == "pids.max") {
    limits.processes = count;
  } else if (name == "disk.max") {
    limits.disk = limit.value;
  } else if (name == "inodes.max") {
    limits.inodes = limit.value;
  } else if (name == "open_files.max") {
    limits.open_files = count;
  } else if (name == "output.max") {
    limits.output = limit.value;
  } else {
    return false;
  }
  return true;
}

template <class T>
T smaller(const std::optional<T>& asked, const std::optional<T>& granted, T otherwise) {
  if (asked && granted) return std::min(*asked, *granted);
  return asked.value_or(granted.value_or(otherwise));
}

// The same of times, of which zero is the longest.
nanoseconds shorter(const std::optional<nanoseconds>& asked,
                    const std::optional<nanoseconds>& granted, nanoseconds otherwise) {
  if (asked && granted && asked->count() == 0) return *granted;
  return smaller(asked, granted, otherwise);
}

bool is_valid(const EffectiveLimits& limits) {
  return limits.timeout.count() >= 0 && limits.cpu_time.count() >= 0 && limits.memory > 0 &&
         limits.processes > 0 && limits.disk > 0 && limits.inodes > 0 &&
         limits.open_files >= kLeastOpenFiles && limits.output > 0;
}

}  // namespace

Expected<Limits> limits_of(const policy::Policy& policy) {
  Limits limits;
  for (const policy::Limit& limit : policy.limits) {
    if (take_limit(limits, limit)) continue;
    return Failure{Failure::Kind::kUnsupported,
                   "limit '" + std::string(limit.row->name) +
                       "' of the policy is not built yet: this version could not keep it, so it "
                       "refuses it"};
  }
  return limits;
}

EffectiveLimits within(const EffectiveLimits& limits, const EffectiveLimits& outer) {
  const auto shorter_time = [](nanoseconds a, nanoseconds b) {
    if (a.count() == 0 || b.count() == 0) return std::max(a, b);
    return std::min(a, b);
  };
  EffectiveLimits less;
  less.timeout = shorter_time(limits.timeout, outer.timeout);
  less.cpu_time = shorter_time(limits.cpu_time, outer.cpu_time);
  less.memory = std::min(limits.memory, outer.memory);
  less.processes = std::min(limits.processes, outer.processes);
  less.disk = std::min(limits.disk, outer.disk);
  less.inodes = std::min(limits.inodes, outer.inodes);
  less.open_files = std::min(limits.open_files, outer.open_files);
  less.output = std::min(limits.output, outer.output);
  return less;
}

Expected<EffectiveLimits> effective_limits(const Limits& options, const policy::Policy* policy) {
  Limits granted;
  if (policy != nullptr) {
    auto read = limits_of(*policy);
    if (!read) return read.error();
    granted = *read;
  }
  EffectiveLimits limits;
  limits.timeout = shorter(options.timeout, granted.timeout, limits.timeout);
  limits.cpu_time = shorter(options.cpu_time, granted.cpu_time, limits.cpu_time);
  limits.memory = smaller(options.memory, granted.memory, limits.memory);
  limits.processes = smaller(options.processes, granted.processes, limits.processes);
  limits.disk = smaller(options.disk, granted.disk, limits.disk);
  limits.inodes = smaller(options.inodes, granted.inodes, limits.inodes);
  limits.open_files = smaller(options.open_files, granted.open_files, limits.open_files);
  limits.output = smaller(options.output, granted.output, limits.output);
  if (is_valid(limits)) return limits;
  return invalid(
      "limits: times must not be negative, sizes and counts not zero, open files at least 3");
}

}  // namespace cloche::session
