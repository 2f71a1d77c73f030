// Is a run over, and why? What a sandbox and a sandbox inside it have in common.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "include/cloche/cloche.hpp"
#include "kernel/host_stream.h"
#include "kernel/kernel.h"
#include "session/limits.h"
#include "vfs/budget.h"

namespace cloche::session {

class RunWatch {
 public:
  struct Subject {
    kernel::Kernel& kernel;
    Clock& clock;
    const EffectiveLimits& limits;
    kernel::OutputBudget& output;
    const vfs::Budget& files;
    // Before the program was started.
    kernel::KernelUsage before;
    uint32_t job = 0;  // what it is to the kernel
    // Wall clock, beside the limit; zero: no more than that.
    std::chrono::nanoseconds timeout = {};
  };
  // The run begins. What the subject refers to outlives this.
  explicit RunWatch(const Subject& subject);
  // It begins only now: the time until now was not its own.
  void begin();
  // Its end is that of this process.
  void started(int32_t pid) { pid_ = pid; }

  // Whether the program has ended, or a limit ends the run; then `result` says how.
  bool finished(RunResult& result);
  // How long the kernel may run before finished() must be asked again, at most `longest` ns.
  int64_t slice(int64_t longest);
  // When finished() must be asked again, whatever else happens: monotonic ns, Call::kNoDeadline:
  // never.
  int64_t deadline() const;
  // A limit ends the run, or code in it, now: counts it, and the result says so. True.
  bool stop(RunResult& result, Outcome outcome, const char* limit);
  void fill_usage(RunResult& result);
  // The limits have changed.
  void limits_changed();
  int64_t wall_ns() const { return subject_.clock.monotonic_ns() - start_ns_; }
  int64_t cpu_ns() const { return subject_.kernel.cpu_ns(subject_.job) - cpu_before_; }

 private:
  int64_t cpu_left() const;

  const Subject subject_;
  const kernel::LimitHits hits_before_;
  const int64_t cpu_before_;
  int32_t pid_ = 0;
  int64_t start_ns_;
  int64_t deadline_;
};

}  // namespace cloche::session
