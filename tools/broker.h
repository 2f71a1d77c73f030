// Decides about the tool calls of one sandbox, has them made and answers them (docs/tools.md).
//
// A call: its name and parameters are read strictly; some capability of the caller must allow it;
// the parameters must match the tool's schema; every budget of the capability's chain pays; the
// audit log has it on record; then, and only then, a thread of the executor runs the handler. Its
// result must be JSON, match the result's schema and fit; the audit log has the end on record; then
// the guest sees it. What goes wrong on the way is a refusal. Nothing is paid back.
//
// Thread class: belongs to the thread that runs the sandbox, handlers' threads and revocations
// speak to it through its mailbox. Outlives the kernels whose calls it decides. What is said of the
// calls of a kernel::ToolGate holds for those here.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/log.h"
#include "base/clock.h"
#include "cap/caveats/grant.h"
#include "kernel/tool_gate.h"
#include "tools/authority.h"
#include "tools/executor.h"
#include "tools/mailbox.h"
#include "tools/registry.h"
#include "tools/stubs.h"

namespace cloche::tools {

struct BrokerOptions {
  const Registry* registry = nullptr;  // all pointers: not null, outlive the broker
  audit::Log* audit = nullptr;
  Executor* executor = nullptr;
  Clock* clock = nullptr;
  std::string sandbox;         // its name in the audit log: letters, digits, '-', '_' and '.'
  std::function<void()> ring;  // wakes the sandbox's thread, from any thread
  uint32_t calls_at_once = 256;
  // Called when that ("tool_calls.max") or one of CallLimits is reached, before the refusal is put
  // on record.
  std::function<void(const char* limit, const kernel::ToolCaller& caller)> on_limit = {};
  uint64_t audit_parameter_bytes = 8192;  // longer parameters go into the log as their hash only
  uint32_t kept_calls = 10'000;           // of those that calls() tells about
};

// What a run's result tells about a call.
struct CallReport {
  std::string tool;     // printable
  std::string sandbox;  // of the caller; empty: the outermost
  uint32_t job = 0;     // of the caller
  enum class Decision : uint8_t { kAllowed, kDenied, kFailed } decision = Decision::kDenied;
  std::string reason;  // of a denial or failure, printable
  std::string
      parameters_sha256;  // of the parameters in the form of write_json(), else as they came
  double ms = 0;
};

// Of all calls of a job (a run, a session) together, whoever makes them.
struct CallLimits {
  uint64_t calls = UINT64_MAX;  // attempts; those that are denied count, too
  uint64_t bytes = UINT64_MAX;  // of parameters and results
  int64_t call_ns = INT64_MAX;  // of each call: at most so long, whatever its tool says
};

class Broker {
 public:
  explicit Broker(BrokerOptions options);
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;
  ~Broker();

  // An authority that holds these capabilities, in this order. kResourceExhausted.
  static Result<Ref<kernel::Authority>> make_authority(std::vector<cap::Capability> capabilities);

  Ref<kernel::ToolCall> call(kernel::Authority& authority, const kernel::ToolCaller& caller,
                             std::string name, std::string parameters);
  std::string list(const kernel::Authority& authority);
  std::string describe(const kernel::Authority& authority, kernel::ToolText form);
  Result<Ref<kernel::Authority>, std::string> narrow(kernel::Authority& authority,
                                                     const kernel::ToolCaller& caller,
                                                     std::string_view grants);
  uint64_t revoke(kernel::Authority& authority, const kernel::ToolCaller& caller);

  // How the audit log keeps the parameters of calls that are charged to this capability or one
  // derived from it; kWhole if nothing is said. Of calls that are denied it keeps them in the
  // strictest way of all that were said.
  void set_audit(const cap::Capability& capability, cap::AuditParameters how);

  // From now on; calls under way keep their deadline.
  void set_limits(const CallLimits& limits) { limits_ = limits; }
  // Puts on record that what ended this capability, or the one of `space` with that id, is its or
  // an ancestor's expiry: once for each. No pids in `who`: none of its processes ran into it.
  void record_expiry(const cap::Capability& capability, const kernel::ToolCaller& who);
  void record_expiry(const cap::Space& space, cap::NodeId id, const kernel::ToolCaller& who);

  // Answers the calls that have ended, were revoked or are late. After each ring, and when
  // next_deadline() (monotonic ns, INT64_MAX: none) has come.
  void deliver();
  int64_t next_deadline() const;

  // The calls since the last time this was asked, in the order in which they were decided; the
  // first kept_calls of them, and of a job that comes later the first kKeptOfEach. `count`: of all.
  static constexpr size_t kKeptOfEach = 100;
  std::vector<CallReport> take_reports();
  // Those of one job; the others stay.
  std::vector<CallReport> take_reports(uint32_t job);
  // Of them, those of callers in that sandbox; they stay.
  std::vector<CallReport> reports_of(const std::string& sandbox) const;
  uint64_t take_count();
  uint64_t take_count(uint32_t job);
  // Over all runs, for those who watch.
  struct Totals {
    uint64_t calls = 0, denied = 0;  // denied ones are calls, too
    uint64_t bytes = 0;              // of parameters and results
    uint64_t under_way = 0;
  };
  Totals totals() const;

 private:
  class PendingCall;
  struct Work;
  struct Flight;
  struct Refusal;
  class Attempt;

  void end_flight(CallId id, const char* outcome, kernel::ToolAnswer answer,
                  std::string_view detail);
  kernel::ToolAnswer check_result(const Flight& flight, Outcome& outcome, const char** how);
  void give_up(CallId id);
  void end_late_flights();
  bool record_change(const char* event, const kernel::ToolCaller& caller,
                     const std::vector<cap::Capability>& capabilities);
  // Whether it is on record, as an event of that sandbox; empty: the outermost.
  bool put_on_record(audit::Record& record, const std::string& sandbox);
  // `who` adds who noticed.
  template <class Who>
  void record_expiry(const cap::Capability& capability, const std::string& sandbox, const Who& who);
  void record_expiry(const Flight& flight);
  // Whether that many bytes more are within the limit; then they are counted.
  bool take_bytes(uint32_t job, uint64_t bytes);
  std::optional<size_t> report(CallReport report);
  cap::Now now();
  std::vector<StubTool> stubs_of(const cap::Space& space);
  std::string describe_in_words(const cap::Space& space);

  const BrokerOptions options_;
  const std::shared_ptr<Mailbox> mailbox_;
  std::map<cap::NodeId, cap::AuditParameters> audit_;
  cap::AuditParameters audit_of_denials_ = cap::AuditParameters::kWhole;
  cap::Now latest_;
  CallId last_id_ = 0;
  std::map<CallId, std::unique_ptr<Flight>> flights_;
  std::vector<CallReport> reports_;
  CallLimits limits_;
  // Of one job, since take_count().
  struct Use {
    uint64_t calls = 0, bytes = 0;
    size_t reports = 0;
  };
  std::map<uint32_t, Use> uses_;
  Totals before_;  // until then; and all that were denied
};

}  // namespace cloche::tools
