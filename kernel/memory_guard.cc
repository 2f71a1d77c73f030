#include "kernel/memory_guard.h"

#include <algorithm>

#include "kernel/state.h"

namespace cloche::kernel {
namespace {

uint64_t bytes_of(const Process& process) {
  const Thread* thread = process.main_thread();
  if (process.exiting || !thread || !thread->context) return 0;
  return thread->context->private_bytes();
}

struct Victim {
  Process* process = nullptr;
  uint64_t bytes = 0;
};

// The largest process, those of sandboxes inside counted. Of equals the younger one: it is likelier
// to be the one that grew.
Victim largest_process(Kernel& kernel) {
  Victim largest;
  for (Process* process : kernel.all_processes()) {
    const uint64_t bytes = bytes_of(*process);
    if (bytes > 0 && bytes >= largest.bytes) largest = {process, bytes};
  }
  for (const auto& nested : kernel.state().nested) {
    const Victim inside = largest_process(nested->kernel());
    if (inside.bytes > 0 && inside.bytes >= largest.bytes) largest = inside;
  }
  return largest;
}

int64_t time_to_fill(uint64_t bytes) {
  const uint64_t milliseconds = bytes / (MemoryGuard::kFillRate / 1000);
  return static_cast<int64_t>(std::min<uint64_t>(milliseconds, 1000)) * 1'000'000;
}

}  // namespace

void MemoryGuard::check(Kernel& kernel, int64_t now) {
  const uint64_t maximum = kernel.options().limits.memory;
  const uint64_t used = kernel.usage().memory_bytes;
  const int64_t cost = kernel.clock().monotonic_ns() - now;
  uint64_t room = maximum - std::min(used, maximum);
  if (used > maximum) {
    if (Process* victim = largest_process(kernel).process) {
      kernel.log(victim->name + "[" + std::to_string(victim->pid) + "]: killed: memory.max (" +
                 std::to_string(maximum) + " bytes) is exceeded: " + std::to_string(used) +
                 " bytes are in use");
      victim->ended_by_limit = "memory.max";
      begin_exit(*victim->kernel, *victim, kSigKill, "memory.max is exceeded");
      ++kernel.state().usage.memory_kills;
    }
    room = 0;
  }
  next_check_ = now + std::max({kShortest, cost * kShare, std::min(kLongest, time_to_fill(room))});
}

}  // namespace cloche::kernel
