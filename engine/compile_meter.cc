#include "engine/compile_meter.h"

#include <time.h>

#include <algorithm>

namespace cloche::engine {
namespace {

// How often who looks from outside sees what was spent.
constexpr int64_t kLook = 1'000'000;

int64_t read_clock(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

int64_t thread_time() { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

}  // namespace

CompileMeter::CompileMeter(Compilation& compilation)
    : compilation_(compilation), start_(thread_time()), next_look_(0) {}

CompileMeter::~CompileMeter() {
  compilation_.spent_ns = thread_time() - start_;
  compilation_.held_bytes = 0;
}

// The monotonic clock costs a few ns, that of the thread a system call.
bool CompileMeter::out_of_time() {
  const int64_t now = read_clock(CLOCK_MONOTONIC);
  if (now < next_look_) return false;
  const int64_t spent = thread_time() - start_;
  compilation_.spent_ns = spent;
  next_look_ = now + std::clamp<int64_t>(compilation_.max_ns - spent, 0, kLook);
  return spent >= compilation_.max_ns;
}

bool CompileMeter::go_on(void* env, uint64_t bytes) {
  auto* meter = static_cast<CompileMeter*>(env);
  Compilation& compilation = meter->compilation_;
  compilation.held_bytes.store(bytes, std::memory_order_relaxed);
  auto end = Compilation::End::kNone;
  if (compilation.cancelled.load(std::memory_order_relaxed)) {
    end = Compilation::End::kCancelled;
  } else if (bytes > compilation.max_bytes) {
    end = Compilation::End::kMemory;
  } else if (meter->out_of_time()) {
    end = Compilation::End::kTime;
  }
  if (end == Compilation::End::kNone) return true;
  compilation.end = end;
  return false;
}

Error CompileMeter::reason() const {
  switch (compilation_.end.load()) {
    case Compilation::End::kTime:
      return make_error(Code::kResourceExhausted, "compiling it takes more than the time for that");
    case Compilation::End::kMemory:
      return make_error(Code::kResourceExhausted, "compiling it takes more memory than there is");
    case Compilation::End::kCancelled:
    case Compilation::End::kNone:
      break;
  }
  return make_error(Code::kResourceExhausted, "nobody waits for this module any more");
}

}  // namespace cloche::engine
