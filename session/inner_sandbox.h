// A sandbox inside a sandbox: a kernel of its own on the thread of the one around it, with files,
// limits and capabilities that are part of that one's.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cap/tree.h"
#include "kernel/host_stream.h"
#include "kernel/kernel.h"
#include "kernel/nested.h"
#include "sched/bandwidth.h"
#include "session/program_start.h"
#include "session/run_watch.h"
#include "session/sandbox_gate.h"
#include "session/world.h"

namespace cloche::session {

class InnerSandbox final : public kernel::Nested {
 public:
  // Why none was started. `denied`: it was not allowed; else the request was wrong.
  struct Refusal {
    bool denied = false;
    std::string text;
  };
  // Starts what `request` of `process` asks for, with at most what `authority` and the sandbox of
  // `gate` hold, and hands it to the kernel of `process`. The call is answered when it has ended.
  static Result<Ref<kernel::ToolCall>, Refusal> start(SandboxGate& gate,
                                                      kernel::Authority& authority,
                                                      const kernel::ToolCaller& caller,
                                                      kernel::Process& process,
                                                      InnerRequest request);
  ~InnerSandbox() override;

  kernel::Kernel& kernel() override { return *kernel_; }
  const std::string& name() const override { return name_; }
  uint32_t job() const override { return job_; }
  bool ready(int64_t now) override;
  int64_t next_deadline() override;
  Turn turn(int64_t slice_ns, const kernel::Question& should_stop) override;

 private:
  class PendingRun;
  class Builder;

  explicit InnerSandbox(SandboxGate& gate);
  void charge_cpu_max();
  bool finished(RunResult& result);
  void end(RunResult& result);
  static void revoked(void* env) noexcept;

  SandboxGate& outer_gate_;
  const Family& family_;
  std::string name_;
  uint32_t job_ = 0;
  PendingRun* call_ = nullptr;  // null: given up
  bool on_record_ = false;      // its start is, its end is not
  std::optional<cap::Use> use_;
  std::atomic<bool> revoked_ = false;
  EffectiveLimits limits_;
  sched::Bandwidth bandwidth_;  // cpu.max, of its own
  int64_t charged_ns_ = 0;      // to it
  std::optional<RoundedClock> guest_clock_;
  std::unique_ptr<RandomSource> random_;  // null: the family's
  World world_;                           // its namespace has moved into the kernel
  Ref<kernel::OutputBudget> output_;
  int64_t expires_ = kernel::Call::kNoDeadline;  // of the right to run it; monotonic ns
  std::string last_log_line_;
  std::unique_ptr<SandboxGate> gate_;
  std::unique_ptr<kernel::Kernel> kernel_;
  std::optional<RunWatch> watch_;
  std::optional<ProgramStart> start_;
};

}  // namespace cloche::session
