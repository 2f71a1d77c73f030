#include "kernel/memory_guard.h"

#include <algorithm>

#include "kernel/process_info.h"
#include "kernel/state.h"

namespace cloche::kernel {
namespace {

constexpr uint64_t kPage = 4096;

struct Victim {
  Process* process = nullptr;
  uint64_t bytes = 0;
};

// The largest process, those of sandboxes inside counted. Of equals the younger one: it is likelier
// to be the one that grew.
Victim largest_process(Kernel& kernel) {
  Victim largest;
  for (Process* process : kernel.all_processes()) {
    const uint64_t bytes = private_bytes(*process);
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

// As much of the longest pause as `used` is of the way from memory.high to twice that.
void slow_down(Kernel& kernel, int64_t now, uint64_t used) {
  constexpr int64_t kLongestPause = 100'000'000;
  const uint64_t high = kernel.options().limits.memory_high;
  if (used <= high) return;
  const double part =
      static_cast<double>(used - high) / static_cast<double>(std::max<uint64_t>(high, 1));
  const auto pause = static_cast<int64_t>(std::min(part, 1.0) * kLongestPause);
  kernel.state().slowed_until = now + pause;
  kernel.state().usage.memory_slowed_ns += pause;
}

}  // namespace

bool Kernel::has_room(uint64_t bytes) {
  constexpr uint64_t kSmall = 1 << 20;
  const KernelOptions& mine = options();
  if (mine.outer && !mine.outer->has_room(bytes)) return false;
  uint64_t& granted = state().granted_since_check;
  granted += bytes;
  if (granted < kSmall) return true;
  granted = 0;
  const uint64_t limit = mine.limits.memory;
  uint64_t used = state().memory_guard.most(clock());
  if (used > limit || bytes > limit - used) used = usage().memory.total();
  if (used <= limit && bytes <= limit - used) return true;
  log("memory.max reached: " + std::to_string(used) + " bytes in use, " + std::to_string(bytes) +
      " more wanted");
  tell_limit("memory.max", acting());
  return false;
}

bool Kernel::State::may_grow(void* env, uint64_t bytes, uint64_t to) noexcept {
  const State& state = *static_cast<State*>(env);
  if (!state.running) return false;
  const Process& process = *state.running->process;
  const KernelLimits& limits = state.options.limits;
  if (to > limits.memory) process.kernel->tell_limit("memory.max", &process);
  const uint64_t limit =
      std::min({process.limits[kLimitAddressSpace].soft, limits.address_space, limits.memory});
  return to <= limit && process.kernel->has_room(to - bytes);
}

bool MemoryGuard::is_due(Clock& clock, int64_t now) {
  constexpr int64_t kTick = 1'000'000;
  if (now < next_count_) return false;
  next_count_ = now + kTick / 2;
  if (faults(clock) - faults_at_check_ < budget_) return false;
  next_check_ = now;
  return true;
}

void MemoryGuard::begin_turn(Clock& clock) {
  in_turn_ = true;
  faults_at_start_ = clock.page_faults();
}

void MemoryGuard::end_turn(Clock& clock) {
  faults_before_ = faults(clock);
  in_turn_ = false;
}

uint64_t MemoryGuard::faults(Clock& clock) const {
  return faults_before_ + (in_turn_ ? clock.page_faults() - faults_at_start_ : 0);
}

void MemoryGuard::counted(Clock& clock, uint64_t bytes) {
  bytes_ = bytes;
  faults_at_count_ = faults(clock);
}

uint64_t MemoryGuard::most(Clock& clock) const {
  if (bytes_ == UINT64_MAX) return bytes_;
  return bytes_ + (faults(clock) - faults_at_count_) * kPage;
}

bool MemoryGuard::knows_peak(Clock& clock) const {
  return bytes_ != UINT64_MAX &&
         faults(clock) - faults_at_count_ < std::max(kFewPages, bytes_ / kPage / kGrowth);
}

void MemoryGuard::check(Kernel& kernel, int64_t now) {
  const uint64_t maximum = kernel.options().limits.memory;
  const uint64_t used = kernel.usage().memory.total();
  const int64_t cost = kernel.clock().monotonic_ns() - now;
  uint64_t room = maximum - std::min(used, maximum);
  if (used > maximum) {
    if (Process* victim = largest_process(kernel).process) {
      kernel.log(victim->name + "[" + std::to_string(victim->pid) + "]: killed: memory.max (" +
                 std::to_string(maximum) + " bytes) is exceeded: " + std::to_string(used) +
                 " bytes are in use");
      victim->ended_by_limit = "memory.max";
      kernel.tell_limit(victim->ended_by_limit, victim);
      Kernel& its_kernel = *victim->kernel;
      begin_exit(its_kernel, *victim, kSigKill, "memory.max is exceeded");
      // One of a sandbox inside would keep its memory until that has a turn, and the next look
      // would end another process for it.
      finish_exits(its_kernel);
      ++kernel.state().usage.memory_kills;
    }
    room = 0;
  }
  slow_down(kernel, now, used);
  budget_ = std::max(room, maximum / kLeast) / kPage;
  faults_at_check_ = faults(kernel.clock());
  next_check_ = now + std::max({kShortest, cost * kShare, std::min(kLongest, time_to_fill(room))});
}

}  // namespace cloche::kernel
