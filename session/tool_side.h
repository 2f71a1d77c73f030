// The tools of one sandbox: what there is, what was granted, the audit log, and the broker between
// them and the kernel.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "audit/log.h"
#include "base/clock.h"
#include "cap/tree.h"
#include "include/cloche/cloche.hpp"
#include "kernel/kernel.h"
#include "policy/policy.h"
#include "tools/broker.h"
#include "tools/executor.h"
#include "tools/registry.h"

namespace cloche::session {

class ToolSide {
 public:
  static bool is_wanted(const SandboxOptions& options) {
    return !options.tools.empty() || !options.allow_tools.empty() || !options.policy.empty() ||
           !options.audit_file.empty() || options.sandboxes.value_or(0) > 0;
  }
  // `policy`: of the options; null: none. `ring` wakes the thread that runs the sandbox; any thread
  // calls it. `on_limit` hears of each limit of calls that is reached. Errors: kInvalidArgument (a
  // tool, a schema or a grant that is none, an audit log that cannot be continued),
  // kPermissionDenied, kNotFound, kIo (the audit log's file).
  static Expected<std::unique_ptr<ToolSide>> create(const SandboxOptions& options,
                                                    const policy::Policy* policy, Clock& clock,
                                                    RandomSource& random,
                                                    std::function<void()> ring,
                                                    std::function<void(const char*)> on_limit);

  tools::Broker& broker() { return *broker_; }
  // What a program of the sandbox starts with.
  const Ref<kernel::Authority>& authority() const { return authority_; }

  void deliver() { broker_->deliver(); }
  int64_t next_deadline() const { return broker_->next_deadline(); }
  // The calls of one job into its result. With no others under way all calls since the last time
  // are its own.
  enum class Others : uint8_t { kNone, kSome };
  void take_calls(uint32_t job, Others others, RunResult& result);
  // Those of a sandbox inside, so far.
  std::vector<ToolCall> calls_of(const std::string& sandbox) const;

  // No process is left, so no call is wanted: what commands of calls still run end now.
  void end_commands();

  // A run that cannot be put on record does not begin.
  // `run`: its number in this sandbox.
  std::optional<Failure> record_start(const std::vector<std::string>& argv, uint32_t run);
  // Whether somebody wants to know of each program.
  bool records_programs() const { return records_programs_; }
  // Whether the start of a program is on record. `sandbox`: a name of name_below(); empty: the
  // outermost.
  bool record_program(const kernel::ProgramStart& start, const std::string& sandbox);
  enum class Ended : uint8_t { kRun, kCell };
  // `run`: the number of a run of the outermost sandbox; else 0.
  void record_end(const RunResult& result, const std::string& sandbox, Ended what = Ended::kRun,
                  uint32_t run = 0);
  // What a run is to record_write() and record_limit() begins, as nothing else is under way.
  void forget_recorded() { recorded_.clear(); }
  // As record_start(), for a cell of code, the `cell`th in its session.
  std::optional<Failure> record_cell(const CodeOptions& options, uint64_t cell);

  // Names for sandboxes inside, by their number there.
  std::string name_below(const std::string& sandbox, uint64_t number) const;
  // Whether the start of the sandbox `name` by `caller` is on record.
  bool record_inner(const kernel::ToolCaller& caller, const std::string& name,
                    const std::vector<cap::NodeId>& chain, const SandboxOptions& options,
                    const std::vector<std::string>& argv);
  void record_inner_denied(const kernel::ToolCaller& caller, const std::string& why);
  // Wakes the thread that runs the sandbox. Any thread.
  void ring() const { ring_(); }
  // Whether the first change in this run of the host's files under `mount` is on record.
  bool record_write(const Mount& mount, const kernel::ToolCaller& who);
  // A limit of `sandbox` was reached: something was refused for it, which is put on record once in
  // a run of each sandbox, or ended for it. `who`: of that sandbox or one inside; no pids in it:
  // the sandbox as a whole.
  enum class LimitHit : uint8_t { kRefused, kEnded };
  void record_limit(const std::string& limit, LimitHit hit, const std::string& sandbox,
                    const kernel::ToolCaller& who);
  // The same for the limit that ended the whole run, if one did.
  void record_stop(const RunResult& result, const std::string& sandbox);
  std::vector<std::string> audit_lines() const { return log_->lines(); }

 private:
  ToolSide() = default;
  std::optional<Failure> add_tools(const std::vector<Tool>& tools);
  // Fills held_.
  std::optional<Failure> add_grants(const policy::Policy* policy,
                                    const std::vector<std::string>& patterns);
  std::optional<Failure> add_pattern(const std::string& pattern,
                                     const std::vector<cap::Capability>& above);
  std::string known_names() const;
  // The right to start sandboxes.
  std::optional<Failure> add_sandboxes(const policy::Policy* policy,
                                       const std::optional<uint64_t>& asked);
  Status record_sandbox(const SandboxOptions& options);
  const std::string& name_of(const std::string& sandbox) const {
    return sandbox.empty() ? name_ : sandbox;
  }

  HostClock audit_clock_;
  std::string name_;  // of the sandbox, in the audit log
  bool records_programs_ = false;
  std::function<void()> ring_;
  std::unique_ptr<audit::Log> log_;
  tools::Registry registry_;
  cap::Tree tree_;
  std::vector<cap::Capability> held_;  // what programs start with
  std::vector<std::pair<cap::Capability, cap::AuditParameters>> audit_ways_;
  std::set<std::string> recorded_;  // in this run: guest paths of mounts, "sandbox limit"
  std::unique_ptr<tools::Executor> executor_;
  std::unique_ptr<tools::Broker> broker_;
  Ref<kernel::Authority> authority_;
};

}  // namespace cloche::session
