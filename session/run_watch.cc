#include "session/run_watch.h"

#include <algorithm>

#include "base/printable.h"
#include "kernel/syscalls/user_time.h"

namespace cloche::session {
namespace {

constexpr int64_t kForever = kernel::Call::kNoDeadline;
constexpr int64_t kShortestSlice = 1'000;

bool put_end(const kernel::ExitStatus& status, RunResult& result) {
  if (status.limit != nullptr) {
    result.outcome = Outcome::kLimit;
    result.limit = status.limit;
    return true;
  }
  result.outcome = status.exited ? Outcome::kExited : Outcome::kSignaled;
  if (status.exited) {
    result.exit_code = status.code;
  } else {
    result.signal = status.signal;
    result.error_message = printable(status.message);
  }
  return true;
}

}  // namespace

RunWatch::RunWatch(const Subject& subject)
    : subject_(subject),
      hits_before_(subject.kernel.limit_hits()),
      cpu_before_(subject.kernel.cpu_ns(subject.job)),
      start_ns_(subject.clock.monotonic_ns()),
      deadline_(kForever) {
  limits_changed();
}

void RunWatch::begin() {
  start_ns_ = subject_.clock.monotonic_ns();
  limits_changed();
}

// While programs run, slice() keeps cpu.time; the compiler goes on while none does.
int64_t RunWatch::deadline() const {
  constexpr int64_t kLook = 1'000'000;
  if (subject_.limits.cpu_time.count() == 0 || !subject_.kernel.pays_compiler()) return deadline_;
  const int64_t left = cpu_left();
  if (left <= 0) return 0;
  return std::min(deadline_, subject_.clock.monotonic_ns() + std::max(left, kLook));
}

void RunWatch::limits_changed() {
  deadline_ = kForever;
  for (const int64_t timeout : {subject_.limits.timeout.count(), subject_.timeout.count()}) {
    if (timeout > 0) deadline_ = std::min(deadline_, kernel::deadline_after(start_ns_, timeout));
  }
}

bool RunWatch::stop(RunResult& result, Outcome outcome, const char* limit) {
  subject_.kernel.count_limit(limit);
  result.outcome = outcome;
  if (outcome == Outcome::kLimit) result.limit = limit;
  return true;
}

bool RunWatch::finished(RunResult& result) {
  kernel::ExitStatus status;
  const bool ended = subject_.kernel.collect(pid_, &status);
  const bool may_go_on = subject_.limits.output_over == OutputOver::kTruncate;
  if (subject_.output.exceeded() && !may_go_on) return stop(result, Outcome::kLimit, "output.max");
  if (ended) return put_end(status, result);
  if (subject_.clock.monotonic_ns() >= deadline_) {
    return stop(result, Outcome::kTimeout, "wall.time");
  }
  if (cpu_left() <= 0) return stop(result, Outcome::kLimit, "cpu.time");
  return false;
}

int64_t RunWatch::cpu_left() const {
  const int64_t budget = subject_.limits.cpu_time.count();
  if (budget == 0) return kForever;
  return budget - cpu_ns();
}

int64_t RunWatch::slice(int64_t longest) {
  const int64_t to_deadline =
      deadline_ == kForever ? kForever : deadline_ - subject_.clock.monotonic_ns();
  return std::clamp<int64_t>(std::min(cpu_left(), to_deadline), kShortestSlice, longest);
}

void RunWatch::fill_usage(RunResult& result) {
  Usage& usage = result.usage;
  const kernel::KernelUsage now = subject_.kernel.usage();
  usage.wall_ms = static_cast<double>(subject_.clock.monotonic_ns() - start_ns_) / 1e6;
  usage.cpu_ms = static_cast<double>(cpu_ns()) / 1e6;
  usage.memory_peak_bytes = now.memory_peak_bytes;
  usage.processes = now.processes - subject_.before.processes;
  usage.forks = now.forks - subject_.before.forks;
  usage.file_bytes = subject_.files.bytes_peak();
  for (const auto& [name, count] : subject_.kernel.limit_hits()) {
    const auto before = hits_before_.find(name);
    const uint64_t more = count - (before == hits_before_.end() ? 0 : before->second);
    if (more > 0) result.limits_hit.push_back({std::string(name), more});
  }
}

}  // namespace cloche::session
