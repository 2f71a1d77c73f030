#include "session/tool_side.h"

#include <algorithm>
#include <array>

#include "audit/verify.h"
#include "base/json.h"
#include "base/printable.h"
#include "base/sha256.h"
#include "kernel/tool_device.h"
#include "policy/words.h"
#include "session/failures.h"
#include "session/host_handler.h"
#include "session/policy_options.h"
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

// Nothing of nobody.
void put_caller(audit::Record& record, const kernel::ToolCaller& who) {
  if (who.pids.empty()) return;
  record.numbers("pids", who.pids).text("program", who.program.substr(0, kMaxArgument));
}

const char* mode_word(MountMode mode) {
  switch (mode) {
    case MountMode::kReadOnly:
      return "ro";
    case MountMode::kReadWrite:
      return "rw";
    case MountMode::kCopyOnWrite:
      return "cow";
  }
  return "ro";
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

// Of each capability above, the part that the pattern names.
std::optional<Failure> ToolSide::add_pattern(const std::string& pattern,
                                             const std::vector<cap::Capability>& above) {
  const auto scope = cap::Scope::tools(pattern);
  if (!scope.ok()) return invalid("allowed tool: " + scope.error().message);
  const std::string name(scope->only_name());
  if (!name.empty() && registry_.find(name) == nullptr) {
    return invalid("allowed tool '" + name + "': there is no tool of that name" + known_names());
  }
  for (const cap::Capability& capability : above) {
    cap::Restriction restriction;
    restriction.scope = *scope;
    auto part = capability.derive(std::move(restriction));
    if (!part.ok()) return failure_of(part.error());
    held_.push_back(std::move(part).value());
  }
  return std::nullopt;
}

std::optional<Failure> ToolSide::add_grants(const policy::Policy* policy,
                                            const std::vector<std::string>& patterns) {
  auto root = tree_.mint(cap::Scope::tools("**").value());
  if (!root.ok()) return failure_of(root.error());
  std::vector<cap::Capability> granted;
  if (policy == nullptr) {
    granted.push_back(std::move(root).value());
  } else {
    cap::Space space;
    const Status installed = policy::install(policy->tools, *root, space);
    if (!installed.ok()) return failure_of(installed.error());
    const std::vector<cap::Handle> handles = space.handles();
    for (size_t i = 0; i < handles.size(); ++i) {
      granted.push_back(space.get(handles[i]).value());
      audit_ways_.emplace_back(granted.back(), policy->tools[i].audit);
    }
  }
  if (policy != nullptr && patterns.empty()) {
    held_ = std::move(granted);
    return std::nullopt;
  }
  for (const std::string& pattern : patterns) {
    if (auto failure = add_pattern(pattern, granted)) return failure;
  }
  return std::nullopt;
}

std::optional<Failure> ToolSide::add_sandboxes(const policy::Policy* policy,
                                               const std::optional<uint64_t>& asked) {
  auto restriction = sandbox_restriction(policy, asked);
  if (!restriction) return std::nullopt;
  auto root = tree_.mint(cap::Scope::sandboxes());
  if (!root.ok()) return failure_of(root.error());
  auto right = root->derive(*std::move(restriction));
  if (!right.ok()) return failure_of(right.error());
  held_.push_back(std::move(right).value());
  return std::nullopt;
}

Expected<std::unique_ptr<ToolSide>> ToolSide::create(const SandboxOptions& options,
                                                     const policy::Policy* policy, Clock& clock,
                                                     RandomSource& random,
                                                     std::function<void()> ring,
                                                     std::function<void(const char*)> on_limit) {
  std::unique_ptr<ToolSide> side(new ToolSide());
  if (auto failure = side->add_tools(options.tools)) return *failure;
  if (auto failure = side->add_grants(policy, options.allow_tools)) return *failure;
  if (auto failure = side->add_sandboxes(policy, options.sandboxes)) return *failure;
  auto authority = tools::Broker::make_authority(side->held_);
  if (!authority.ok()) return failure_of(authority.error());
  side->authority_ = std::move(authority).value();
  auto log = audit::Log::create({.path = options.audit_file}, side->audit_clock_);
  if (!log.ok()) return failure_of(log.error());
  side->log_ = std::move(log).value();
  side->name_ = random_name(random);
  side->records_programs_ = !options.audit_file.empty();
  side->ring_ = ring;
  const Status begun = side->record_sandbox(options);
  if (!begun.ok()) return failure_of(begun.error());
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
  // Those limits are the outermost sandbox's, whoever calls.
  broker.on_limit = [raw = side.get(), told = std::move(on_limit)](
                        const char* limit, const kernel::ToolCaller& caller) {
    told(limit);
    raw->record_limit(limit, LimitHit::kRefused, "", caller);
  };
  side->broker_ = std::make_unique<tools::Broker>(std::move(broker));
  for (const auto& [capability, how] : side->audit_ways_) side->broker_->set_audit(capability, how);
  return side;
}

namespace {

// What a sandbox can see and change, before anything runs in it.
void put_world(audit::Record& record, const SandboxOptions& options) {
  std::vector<std::string> mounts, variables;
  for (const Mount& mount : options.mounts) {
    mounts.push_back(mount.host + ":" + mount.guest + ":" + mode_word(mount.mode));
  }
  for (const auto& variable : options.env) variables.push_back(variable.first);
  record.texts("mounts", mounts).texts("env", variables);
  if (options.clock_resolution) {
    record.number("clock_ns", static_cast<uint64_t>(options.clock_resolution->count()));
  }
  record.text("random", options.random_seed.empty() ? "host" : "seed");
}

}  // namespace

Status ToolSide::record_sandbox(const SandboxOptions& options) {
  audit::Record record("sandbox.start");
  put_world(record, options);
  return log_->append(record, name_);
}

std::string ToolSide::name_below(const std::string& sandbox, uint64_t number) const {
  return name_of(sandbox) + "." + std::to_string(number);
}

bool ToolSide::record_inner(const kernel::ToolCaller& caller, const std::string& name,
                            const std::vector<cap::NodeId>& chain, const SandboxOptions& options,
                            const std::vector<std::string>& argv) {
  audit::Record record("sandbox.start");
  record.text("inside", name_of(caller.sandbox)).numbers("pids", caller.pids);
  record.text("program", caller.program).numbers("capability", chain);
  put_world(record, options);
  put_arguments(record, argv);
  return log_->append(record, name).ok();
}

void ToolSide::record_inner_denied(const kernel::ToolCaller& caller, const std::string& why) {
  audit::Record record("sandbox.denied");
  record.numbers("pids", caller.pids).text("program", caller.program).text("message", why);
  // A denial stands also when it cannot be put on record.
  (void)log_->append(record, name_of(caller.sandbox)).ok();
}

void ToolSide::take_calls(uint32_t job, Others others, RunResult& result) {
  const bool alone = others == Others::kNone;
  for (tools::CallReport& report : alone ? broker_->take_reports() : broker_->take_reports(job)) {
    result.tool_calls.push_back(public_call(report));
  }
  result.usage.tool_calls = alone ? broker_->take_count() : broker_->take_count(job);
}

std::vector<ToolCall> ToolSide::calls_of(const std::string& sandbox) const {
  std::vector<ToolCall> calls;
  for (tools::CallReport& report : broker_->reports_of(sandbox)) {
    calls.push_back(public_call(report));
  }
  return calls;
}

void ToolSide::end_commands() {
  for (const auto& [name, registered] : registry_.tools()) registered.tool.handler->end_cancelled();
}

std::optional<Failure> ToolSide::record_start(const std::vector<std::string>& argv, uint32_t run) {
  audit::Record record("run.start");
  record.number("run", run);
  put_arguments(record, argv);
  const Status written = log_->append(record, name_);
  if (!written.ok()) return failure_of(written.error());
  return std::nullopt;
}

bool ToolSide::record_program(const kernel::ProgramStart& start, const std::string& sandbox) {
  audit::Record record("program.start");
  record.numbers("pids", start.pids).text("program", start.path.substr(0, kMaxArgument));
  put_arguments(record, start.argv);
  return log_->append(record, name_of(sandbox)).ok();
}

bool ToolSide::record_write(const Mount& mount, const kernel::ToolCaller& who) {
  if (recorded_.contains(mount.guest)) return true;
  audit::Record record("mount.write");
  record.text("mount", mount.guest).text("host", mount.host);
  put_caller(record, who);
  if (!log_->append(record, name_of(who.sandbox)).ok()) return false;
  recorded_.insert(mount.guest);
  return true;
}

void ToolSide::record_limit(const std::string& limit, LimitHit hit, const std::string& sandbox,
                            const kernel::ToolCaller& who) {
  const bool first = recorded_.insert(name_of(sandbox) + " " + limit).second;
  if (!first && hit == LimitHit::kRefused) return;
  audit::Record record("limit.hit");
  record.text("limit", limit);
  if (who.sandbox != sandbox) record.text("by", name_of(who.sandbox));
  put_caller(record, who);
  // The limit holds, also when it cannot be put on record.
  (void)log_->append(record, name_of(sandbox)).ok();
}

void ToolSide::record_stop(const RunResult& result, const std::string& sandbox) {
  const kernel::ToolCaller who{.pids = {}, .program = {}, .sandbox = sandbox};
  if (result.outcome == Outcome::kTimeout)
    record_limit("wall.time", LimitHit::kEnded, sandbox, who);
  // Of memory.max the kernel told, when it ended a process.
  if (result.outcome == Outcome::kLimit && result.limit != "memory.max") {
    record_limit(result.limit, LimitHit::kEnded, sandbox, who);
  }
}

std::optional<Failure> ToolSide::record_cell(const CodeOptions& options, uint64_t cell) {
  audit::Record record("code.start");
  record.text("language", to_string(options.language)).text("session", options.session);
  record.number("cell", cell).number("code_bytes", options.code.size());
  const auto* const bytes = reinterpret_cast<const uint8_t*>(options.code.data());
  record.text("code_sha256", to_hex(sha256(std::span(bytes, options.code.size()))));
  const Status written = log_->append(record, name_);
  if (!written.ok()) return failure_of(written.error());
  return std::nullopt;
}

void ToolSide::record_end(const RunResult& result, const std::string& sandbox, Ended what,
                          uint32_t run) {
  audit::Record record(what == Ended::kRun ? "run.end" : "code.end");
  if (run != 0) record.number("run", run);
  record.text("outcome", to_string(result.outcome));
  if (!result.limit.empty()) record.text("limit", result.limit);
  if (result.outcome == Outcome::kExited) {
    record.number("exit_code", static_cast<uint64_t>(result.exit_code));
  }
  if (result.outcome == Outcome::kSignaled) record.text("signal", signal_name(result.signal));
  record.number("tool_calls", result.usage.tool_calls).number("processes", result.usage.processes);
  // The run is over: that its end is missing shows in the log.
  (void)log_->append(record, name_of(sandbox)).ok();
  if (sandbox.empty()) return;
  // No other sandbox has its name.
  const std::string mine = sandbox + " ";
  auto at = recorded_.lower_bound(mine);
  while (at != recorded_.end() && at->starts_with(mine)) at = recorded_.erase(at);
}

}  // namespace cloche::session

namespace cloche {

PolicyReport check_policy(const std::string& text, const std::string& name) {
  const auto read = policy::read_policy(text);
  if (read.ok()) return {true, policy::describe(*read), policy::describe_json(*read)};
  PolicyReport report{false, {}, policy::mistakes_json(read.error(), text)};
  for (const cap::Mistake& mistake : read.error()) {
    report.lines.push_back(policy::locate(mistake, name, text));
  }
  return report;
}

PolicyReport check_policy_call(const std::string& text, const std::string& name,
                               const std::string& tool, const std::string& parameters) {
  const auto read = policy::read_policy(text);
  if (!read.ok()) return check_policy(text, name);
  HostClock clock;
  const cap::Now now{.realtime_ns = clock.realtime_ns(), .monotonic_ns = clock.monotonic_ns()};
  std::optional<cap::Denial> denial;
  const auto json = read_json(parameters, {.bytes = kernel::kMaxToolRequest});
  if (json.ok() && json->is(Json::Kind::kObject)) {
    denial = policy::check_call(*read, tool, *json, parameters.size(), now);
  } else {
    denial.emplace();
    denial->reason = cap::Reason::kCaveat;
    denial->text = json.ok()
                       ? "the parameters must be an object"
                       : "the parameters are not JSON, at byte " +
                             std::to_string(json.error().offset) + ": " + json.error().message;
  }
  if (!denial) return {true, {"allowed"}, policy::answer_json(denial)};
  return {false, {"denied: " + denial->text}, policy::answer_json(denial)};
}

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
