#include "session/tool_side.h"

#include <algorithm>
#include <array>

#include "audit/verify.h"
#include "base/printable.h"
#include "base/sha256.h"
#include "session/failures.h"
#include "session/host_handler.h"
#include "tools/command_handler.h"

namespace cloche::session {
namespace {

constexpr size_t kMaxArguments = 32;  // of a run, in the log
constexpr size_t kMaxArgument = 4096;

// The host's own way to run jobs.
class HostExecutor final : public tools::Executor {
 public:
  explicit HostExecutor(ToolExecutor executor) : executor_(std::move(executor)) {}
  Accepted submit(Job job) override {
    return executor_(std::move(job)) ? Accepted::kYes : Accepted::kBusy;
  }

 private:
  const ToolExecutor executor_;
};

std::optional<std::string> schema_of(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

std::shared_ptr<tools::Handler> handler_of(const Tool& tool) {
  if (tool.handler) return make_host_handler(tool.handler);
  return tools::make_command_handler({.command = tool.command});
}

ToolCall public_call(tools::CallReport& report) {
  using Decision = tools::CallReport::Decision;
  ToolCall call;
  call.decision = report.decision == Decision::kAllowed  ? ToolCall::Decision::kAllowed
                  : report.decision == Decision::kDenied ? ToolCall::Decision::kDenied
                                                         : ToolCall::Decision::kFailed;
  call.tool = std::move(report.tool);
  call.reason = std::move(report.reason);
  call.parameters_sha256 = std::move(report.parameters_sha256);
  call.ms = report.ms;
  return call;
}

void put_arguments(audit::Record& record, const std::vector<std::string>& argv) {
  std::vector<std::string> shown;
  for (size_t i = 0; i < std::min(argv.size(), kMaxArguments); ++i) {
    shown.push_back(argv[i].substr(0, kMaxArgument));
  }
  record.texts("argv", shown).number("arguments", argv.size());
}

std::string random_name(RandomSource& random) {
  std::array<uint8_t, 8> bytes;
  random.fill(bytes.data(), bytes.size());
  return to_hex(bytes);
}

}  // namespace

std::optional<Failure> ToolSide::add_tools(const std::vector<Tool>& tools) {
  for (const Tool& tool : tools) {
    if (static_cast<bool>(tool.handler) == !tool.command.empty()) {
      return invalid("tool '" + printable(tool.name) + "': it takes either a handler or a command");
    }
    tools::Tool added{.name = tool.name,
                      .description = tool.description,
                      .parameters = schema_of(tool.parameters),
                      .result = schema_of(tool.result),
                      .timeout = tool.timeout,
                      .result_bytes = tool.result_bytes,
                      .handler = handler_of(tool)};
    const Status status = registry_.add(std::move(added));
    if (!status.ok()) return failure_of(status.error());
  }
  return std::nullopt;
}

// "; there are a, b and 3 more"
std::string ToolSide::known_names() const {
  constexpr size_t kShown = 10;
  std::string text;
  size_t count = 0;
  for (const auto& [name, tool] : registry_.tools()) {
    if (count++ < kShown) text += (text.empty() ? "; there are " : ", ") + name;
  }
  if (count > kShown) text += " and " + std::to_string(count - kShown) + " more";
  return text;
}

std::optional<Failure> ToolSide::add_grants(const std::vector<std::string>& patterns) {
  std::vector<cap::Capability> granted;
  for (const std::string& pattern : patterns) {
    const auto scope = cap::Scope::tools(pattern);
    if (!scope.ok()) return invalid("allowed tool: " + scope.error().message);
    const std::string name(scope->only_name());
    if (!name.empty() && registry_.find(name) == nullptr) {
      return invalid("allowed tool '" + name + "': there is no tool of that name" + known_names());
    }
    auto capability = tree_.mint(*scope);
    if (!capability.ok()) return failure_of(capability.error());
    granted.push_back(std::move(capability).value());
  }
  auto authority = tools::Broker::make_authority(std::move(granted));
  if (!authority.ok()) return failure_of(authority.error());
  authority_ = std::move(authority).value();
  return std::nullopt;
}

Expected<std::unique_ptr<ToolSide>> ToolSide::create(const SandboxOptions& options, Clock& clock,
                                                     RandomSource& random,
                                                     std::function<void()> ring) {
  std::unique_ptr<ToolSide> side(new ToolSide());
  if (auto failure = side->add_tools(options.tools)) return *failure;
  if (auto failure = side->add_grants(options.allow_tools)) return *failure;
  auto log = audit::Log::create({.path = options.audit_file}, side->audit_clock_);
  if (!log.ok()) return failure_of(log.error());
  side->log_ = std::move(log).value();
  side->name_ = random_name(random);
  if (options.tool_executor) {
    side->executor_ = std::make_unique<HostExecutor>(options.tool_executor);
  } else {
    side->executor_ = std::make_unique<tools::ThreadPool>(tools::ThreadPool::Options{});
  }
  tools::BrokerOptions broker;
  broker.registry = &side->registry_;
  broker.audit = side->log_.get();
  broker.executor = side->executor_.get();
  broker.clock = &clock;
  broker.sandbox = side->name_;
  broker.ring = std::move(ring);
  side->broker_ = std::make_unique<tools::Broker>(std::move(broker));
  return side;
}

std::vector<ToolCall> ToolSide::take_calls() {
  std::vector<ToolCall> calls;
  for (tools::CallReport& report : broker_->take_reports()) calls.push_back(public_call(report));
  return calls;
}

std::optional<Failure> ToolSide::record_start(const std::vector<std::string>& argv) {
  audit::Record record("run.start");
  put_arguments(record, argv);
  const Status written = log_->append(record, name_);
  if (!written.ok()) return failure_of(written.error());
  return std::nullopt;
}

bool ToolSide::record_program(const kernel::ProgramStart& start) {
  std::string pids = "[";
  for (const int32_t pid : start.pids) {
    pids += (pids.size() > 1 ? "," : "") + std::to_string(pid);
  }
  audit::Record record("program.start");
  record.json("pids", pids + "]").text("program", start.path.substr(0, kMaxArgument));
  put_arguments(record, start.argv);
  return log_->append(record, name_).ok();
}

void ToolSide::record_end(const RunResult& result) {
  audit::Record record("run.end");
  record.text("outcome", to_string(result.outcome));
  if (!result.limit.empty()) record.text("limit", result.limit);
  if (result.outcome == Outcome::kExited) {
    record.number("exit_code", static_cast<uint64_t>(result.exit_code));
  }
  if (result.outcome == Outcome::kSignaled) record.text("signal", signal_name(result.signal));
  record.number("tool_calls", result.usage.tool_calls).number("processes", result.usage.processes);
  // The run is over: that its end is missing shows in the log.
  (void)log_->append(record, name_).ok();
}

}  // namespace cloche::session

namespace cloche {

Expected<AuditVerdict> verify_audit(const std::string& path) {
  auto found = audit::verify_log(path);
  if (!found.ok()) return session::failure_of(found.error());
  return AuditVerdict{.whole = found->whole,
                      .ended = found->ended,
                      .problem = std::move(found->problem),
                      .first = found->first,
                      .last = found->last,
                      .head = std::move(found->head)};
}

}  // namespace cloche
