// struct rusage of 32-bit guests.
#pragma once

#include <algorithm>

#include "base/clock.h"
#include "kernel/process.h"

namespace cloche::kernel {

struct UserRusage {
  int32_t user_seconds = 0, user_microseconds = 0, system_seconds = 0, system_microseconds = 0;
  int32_t max_rss = 0, shared_memory = 0, unshared_data = 0, unshared_stack = 0, minor_faults = 0,
          major_faults = 0, swaps = 0, blocks_in = 0, blocks_out = 0, messages_sent = 0,
          messages_received = 0, signals = 0, voluntary = 0, involuntary = 0;
};
static_assert(sizeof(UserRusage) == 72);

inline UserRusage to_user(const Usage& usage, const RoundedClock& clock) {
  UserRusage user;
  const auto clamp = [](uint64_t value) {
    return static_cast<int32_t>(std::min<uint64_t>(value, INT32_MAX));
  };
  const int64_t user_ns = clock.round(usage.user_ns), system_ns = clock.round(usage.system_ns);
  user.user_seconds = static_cast<int32_t>(user_ns / 1'000'000'000);
  user.user_microseconds = static_cast<int32_t>(user_ns % 1'000'000'000 / 1000);
  user.system_seconds = static_cast<int32_t>(system_ns / 1'000'000'000);
  user.system_microseconds = static_cast<int32_t>(system_ns % 1'000'000'000 / 1000);
  user.max_rss = clamp(usage.max_memory / 1024);
  user.voluntary = clamp(usage.voluntary);
  user.involuntary = clamp(usage.involuntary);
  return user;
}

// Of a living process or a zombie: its threads' time included.
Usage usage_of(Process& process);
// What the parent's children_usage gains when it waits for `process`.
void add_usage(Usage& total, const Usage& more);

}  // namespace cloche::kernel
