// The gate of one sandbox: its tool calls go to the broker under its name, and its programs start
// sandboxes inside it (docs/sub-sandboxes.md), each with a gate of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "kernel/kernel.h"
#include "kernel/tool_gate.h"
#include "session/host_state.h"
#include "session/inner_request.h"
#include "session/limits.h"
#include "vfs/budget.h"

namespace cloche::session {

class ToolSide;

// What all sandboxes of one tree share. Outlives them.
struct Family {
  Host::State& host;
  Clock& clock;
  RandomSource& random;
  ToolSide& tools;
  std::function<void(const std::string& line)> log;  // may be empty
};

class SandboxGate final : public kernel::ToolGate {
 public:
  static constexpr uint32_t kMaxDepth = 8;    // of sandboxes in one another
  static constexpr uint32_t kMaxAtOnce = 64;  // alive, in one sandbox

  struct Options {
    const Family& family;
    std::string name;               // of the sandbox, in the audit log; empty: the outermost
    const EffectiveLimits& limits;  // as they are now; outlive it
    Ref<vfs::Budget> files;         // of its writable places
    int64_t clock_step_ns;          // of what its programs read of clocks
    uint32_t depth = 0;             // how many sandboxes are around it
  };
  explicit SandboxGate(Options options) : options_(std::move(options)) {}

  Ref<kernel::ToolCall> call(kernel::Authority& authority, const kernel::ToolCaller& caller,
                             std::string name, std::string parameters) override;
  std::string list(const kernel::Authority& authority) override;
  std::string describe(const kernel::Authority& authority, kernel::ToolText form) override;
  Result<Ref<kernel::Authority>, std::string> narrow(kernel::Authority& authority,
                                                     const kernel::ToolCaller& caller,
                                                     std::string_view grants) override;
  Ref<kernel::ToolCall> run(kernel::Authority& authority, const kernel::ToolCaller& caller,
                            kernel::Process& process, std::string_view request) override;
  uint64_t revoke(kernel::Authority& authority, const kernel::ToolCaller& caller) override;

  // A limit of this sandbox was reached; `process` is of it or of one inside. Null: nobody.
  void record_limit(const char* limit, const kernel::Process* process) const;
  // For the record, of a process whose sandbox has one of these as its gate.
  static kernel::ToolCaller caller_of(const kernel::Process* process);

 private:
  friend class InnerSandbox;
  kernel::ToolCaller named(const kernel::ToolCaller& caller) const;

  const Options options_;
  uint64_t started_ = 0;  // sandboxes
  uint32_t alive_ = 0;    // of them
};

}  // namespace cloche::session
