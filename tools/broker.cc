#include "tools/broker.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/printable.h"
#include "base/sha256.h"
#include "kernel/tool_device.h"

namespace cloche::tools {
namespace {

using kernel::ToolAnswer;
using Status = kernel::ToolAnswer::Status;

constexpr size_t kShownBytes = 200;         // of a name that is none
constexpr size_t kDetailBytes = 64 * 1024;  // of what a handler tells the audit log
constexpr size_t kMessageBytes = 4096;      // of what it tells the guest

std::string hash_of(std::string_view text) {
  return to_hex(sha256({reinterpret_cast<const uint8_t*>(text.data()), text.size()}));
}

std::string words_of(const Mismatch& mismatch) {
  std::string words;
  for (const SchemaProblem& problem : mismatch.problems) {
    if (!words.empty()) words += "; ";
    if (!problem.pointer.empty()) words += printable(problem.pointer) + ": ";
    words += problem.message;
  }
  return words;
}

cap::Request request_of(std::string_view name, const Json* parameters, size_t bytes) {
  cap::Request request;
  request.name = name;
  request.parameters = parameters;
  request.bytes = bytes;
  return request;
}

}  // namespace

// What the thread of the handler shares with the sandbox's.
struct Broker::Work {
  CallId id = 0;
  std::string tool, parameters;
  std::shared_ptr<Handler> handler;
  std::chrono::steady_clock::time_point deadline;
  std::shared_ptr<Mailbox> mailbox;
  std::atomic<bool> cancelled = false;

  // On a thread of the executor.
  void run() const {
    if (cancelled) return;
    Outcome outcome = handler->handle({tool, parameters, deadline, cancelled});
    mailbox->post_outcome(id, std::move(outcome));
  }
  static void revoked(void* env) noexcept {
    auto* work = static_cast<Work*>(env);
    work->cancelled = true;
    work->mailbox->post_revoked(work->id);
  }
};

// A call under way. `use` ends first: until then a revocation may look at `work`.
struct Broker::Flight {
  PendingCall* call = nullptr;
  const RegisteredTool* tool = nullptr;
  std::shared_ptr<Work> work;
  std::optional<cap::Use> use;
  std::string sandbox;  // of the caller
  uint32_t job = 0;     // of it, too
  int64_t started_ns = 0, deadline_ns = 0;
  bool ends_by_expiry = false;  // at its deadline, not by the tool's time-out
  std::optional<size_t> report;
};

class Broker::PendingCall final : public kernel::ToolCall {
 public:
  explicit PendingCall(Broker& broker) : broker_(broker) {}
  ~PendingCall() override {
    if (id != 0 && !answered()) broker_.give_up(id);
  }
  CallId id = 0;

 private:
  Broker& broker_;
};

// Why a call is not made. `reason` is for programs, `text` for people.
struct Broker::Refusal {
  std::string reason, text;
};

Broker::Broker(BrokerOptions options)
    : options_(std::move(options)), mailbox_(std::make_shared<Mailbox>(options_.ring)) {
  CHECK(options_.registry != nullptr && options_.audit != nullptr && options_.executor != nullptr &&
        options_.clock != nullptr && options_.ring);
}

Broker::~Broker() {
  mailbox_->close();
  CHECK(flights_.empty());  // the kernel, and with it every call, ended before
}

Result<Ref<kernel::Authority>> Broker::make_authority(std::vector<cap::Capability> capabilities) {
  auto authority = make_ref<ToolAuthority>();
  for (cap::Capability& capability : capabilities) {
    TRY(authority->space.install(std::move(capability)));
  }
  return Ref<kernel::Authority>(authority);
}

void Broker::set_audit(const cap::Capability& capability, cap::AuditParameters how) {
  audit_[capability.id()] = how;
  audit_of_denials_ = std::max(audit_of_denials_, how);
}

cap::Now Broker::now() {
  // A clock that is set back brings nothing back to life.
  latest_ = {.realtime_ns = std::max(latest_.realtime_ns, options_.clock->realtime_ns()),
             .monotonic_ns = std::max(latest_.monotonic_ns, options_.clock->monotonic_ns())};
  return latest_;
}

bool Broker::put_on_record(audit::Record& record, const std::string& sandbox) {
  return options_.audit->append(record, sandbox.empty() ? options_.sandbox : sandbox).ok();
}

template <class Who>
void Broker::record_expiry(const cap::Capability& capability, const std::string& sandbox,
                           const Who& who) {
  const std::vector<cap::NodeId> chain = capability.report_expiry();
  if (chain.empty()) return;
  audit::Record record("capability.expired");
  record.numbers("capability", chain);
  who(record);
  // What has expired stays so, also when it cannot be put on record.
  (void)put_on_record(record, sandbox);
}

void Broker::record_expiry(const cap::Capability& capability, const kernel::ToolCaller& who) {
  record_expiry(capability, who.sandbox, [&who](audit::Record& record) {
    if (!who.pids.empty()) record.numbers("pids", who.pids).text("program", who.program);
  });
}

void Broker::record_expiry(const cap::Space& space, cap::NodeId id, const kernel::ToolCaller& who) {
  for (const cap::Handle handle : space.handles()) {
    const auto capability = space.get(handle);
    if (capability.ok() && capability->id() == id) record_expiry(*capability, who);
  }
}

std::optional<size_t> Broker::report(CallReport report) {
  size_t& kept = uses_[report.job].reports;
  if (reports_.size() >= options_.kept_calls && kept >= kKeptOfEach) return std::nullopt;
  ++kept;
  reports_.push_back(std::move(report));
  return reports_.size() - 1;
}

// --- one call, from the request to the handler

// What is known of a call while it is being decided.
class Broker::Attempt {
 public:
  Attempt(Broker& broker, cap::Space& space, const kernel::ToolCaller& caller, std::string name,
          std::string parameters)
      : broker_(broker),
        options_(broker.options_),
        space_(space),
        caller_(caller),
        name_(std::move(name)),
        parameters_(std::move(parameters)),
        shown_(printable(std::string_view(name_).substr(0, kShownBytes))) {}

  // Everything but the handler. On success the flight is complete, but not yet in the broker.
  Result<std::unique_ptr<Flight>, Refusal> admit() {
    TRY(check_limits());
    TRY(read());
    const cap::Request request = request_of(name_, &json_, parameters_.size());
    // Who has no capability learns nothing about the tool.
    auto selection = space_.select(request, broker_.now());
    if (!selection.ok()) return deny(selection.error());
    const RegisteredTool* tool = options_.registry->find(name_);
    if (tool == nullptr) return Refusal{"no_tool", "there is no tool '" + shown_ + "'"};
    TRY(check_schema(*tool));
    if (broker_.flights_.size() >= options_.calls_at_once) {
      if (options_.on_limit) options_.on_limit("tool_calls.max", caller_);
      return Refusal{"busy",
                     "more than " + std::to_string(options_.calls_at_once) + " calls at a time"};
    }
    auto flight = prepare(*tool);
    auto use =
        space_.charge(std::move(*selection), broker_.now(), {flight->work.get(), &Work::revoked});
    if (!use.ok()) return deny(use.error());
    flight->use = std::move(use).value();
    limit_by_expiry(*flight);
    TRY(put_on_record(*flight));
    flight->work->parameters = std::move(parameters_);
    return flight;
  }

  void record_denial(const Refusal& refusal) {
    audit::Record record("tool.denied");
    put_call(record);
    record.text("reason", refusal.reason);
    // It may quote the parameters.
    if (how_ == cap::AuditParameters::kWhole) record.text("message", refusal.text);
    // A denial stands also when it cannot be put on record.
    (void)broker_.put_on_record(record, caller_.sandbox);
  }

  const std::string& shown_name() const { return shown_; }
  std::string take_parameters_hash() {
    (void)parameters_hash();
    return std::move(hash_);
  }

 private:
  const std::string& parameters_hash() {
    if (hash_.empty()) {
      hash_ = hash_of(json_.is(Json::Kind::kObject) ? canonical() : parameters_);
    }
    return hash_;
  }

  // The parameters in the form of write_json().
  const std::string& canonical() {
    if (canonical_.empty()) canonical_ = write_json(json_);
    return canonical_;
  }

  // Before anything is done for it.
  Result<Unit, Refusal> check_limits() {
    const CallLimits& limits = broker_.limits_;
    if (broker_.uses_[caller_.job].calls > limits.calls) {
      return reached("tools.calls", std::to_string(limits.calls) + " calls were made in this run");
    }
    if (broker_.take_bytes(caller_.job, parameters_.size())) return Unit{};
    return reached("tools.bytes", "the calls of this run may carry " +
                                      std::to_string(limits.bytes) + " bytes in all");
  }

  Refusal reached(const char* limit, const std::string& text) {
    if (options_.on_limit) options_.on_limit(limit, caller_);
    return {"limit", std::string(limit) + ": " + text};
  }

  Result<Unit, Refusal> read() {
    const auto name = cap::check_tool_name(name_);
    if (!name.ok()) {
      return Refusal{"name", "'" + shown_ + "' is no name of a tool: " + name.error().message};
    }
    auto json = read_json(parameters_, {.bytes = kernel::kMaxToolRequest});
    if (!json.ok()) {
      return Refusal{"parameters", "the parameters are not JSON, at byte " +
                                       std::to_string(json.error().offset) + ": " +
                                       json.error().message};
    }
    if (!json->is(Json::Kind::kObject)) {
      return Refusal{"parameters",
                     std::string("the parameters must be an object, not ") + kind_name(json->kind)};
    }
    json_ = std::move(json).value();
    return Unit{};
  }

  Result<Unit, Refusal> check_schema(const RegisteredTool& tool) const {
    if (!tool.parameters) return Unit{};
    const auto valid = tool.parameters->validate(json_);
    if (valid.ok()) return Unit{};
    return Refusal{"schema",
                   "the parameters do not match the tool's schema: " + words_of(valid.error())};
  }

  Refusal deny(const cap::Denial& denial) {
    if (denial.reason == cap::Reason::kExpired) broker_.record_expiry(space_, denial.node, caller_);
    return {cap::reason_name(denial.reason), denial.text};
  }

  std::unique_ptr<Flight> prepare(const RegisteredTool& tool) {
    auto flight = std::make_unique<Flight>();
    flight->tool = &tool;
    flight->sandbox = caller_.sandbox;
    flight->job = caller_.job;
    flight->started_ns = broker_.latest_.monotonic_ns;
    const std::chrono::nanoseconds time(
        std::min<int64_t>(tool.tool.timeout.count(), broker_.limits_.call_ns));
    flight->deadline_ns = flight->started_ns + time.count();
    auto work = std::make_shared<Work>();
    work->id = ++broker_.last_id_;
    work->tool = name_;
    work->handler = tool.tool.handler;
    work->deadline = std::chrono::steady_clock::now() + time;
    work->mailbox = broker_.mailbox_;
    flight->work = std::move(work);
    return flight;
  }

  // A call does not outlive what allowed it.
  void limit_by_expiry(Flight& flight) const {
    const auto expires = flight.use->capability().expires_ns();
    if (!expires) return;
    const int64_t left = std::max<int64_t>(*expires - options_.clock->realtime_ns(), 0);
    flight.ends_by_expiry = flight.started_ns + left < flight.deadline_ns;
    flight.deadline_ns = std::min(flight.deadline_ns, flight.started_ns + left);
    flight.work->deadline = std::min(
        flight.work->deadline, std::chrono::steady_clock::now() + std::chrono::nanoseconds(left));
  }

  Result<Unit, Refusal> put_on_record(const Flight& flight) {
    audit::Record record("tool.call");
    record.number("call", flight.work->id);
    const std::vector<cap::NodeId> chain = flight.use->capability().chain();
    how_ = cap::AuditParameters::kWhole;
    for (const cap::NodeId id : chain) {
      const auto said = broker_.audit_.find(id);
      if (said != broker_.audit_.end()) how_ = std::max(how_, said->second);
    }
    put_call(record);
    record.numbers("capability", chain);
    if (broker_.put_on_record(record, caller_.sandbox)) return Unit{};
    return Refusal{"audit", "the audit log cannot be written"};
  }

  void put_call(audit::Record& record) {
    record.numbers("pids", caller_.pids).text("program", caller_.program);
    record.text("tool", shown_);
    if (how_ == cap::AuditParameters::kWhole && json_.is(Json::Kind::kObject) &&
        parameters_.size() <= options_.audit_parameter_bytes) {
      record.json("parameters", canonical());
      return;
    }
    if (how_ != cap::AuditParameters::kRedacted) {
      record.text("parameters_sha256", parameters_hash());
    }
    record.number("parameters_bytes", parameters_.size());
  }

  Broker& broker_;
  const BrokerOptions& options_;
  cap::Space& space_;
  const kernel::ToolCaller& caller_;
  const std::string name_;
  std::string parameters_;  // until the handler gets them
  const std::string shown_;
  cap::AuditParameters how_ = broker_.audit_of_denials_;
  Json json_;
  std::string canonical_, hash_;
};

Ref<kernel::ToolCall> Broker::call(kernel::Authority& authority, const kernel::ToolCaller& caller,
                                   std::string name, std::string parameters) {
  ++uses_[caller.job].calls;
  auto call = make_ref<PendingCall>(*this);
  Attempt attempt(*this, space_of(authority), caller, std::move(name), std::move(parameters));
  auto admitted = attempt.admit();
  if (!admitted.ok()) {
    const Refusal& refusal = admitted.error();
    ++before_.denied;
    attempt.record_denial(refusal);
    (void)report({.tool = attempt.shown_name(),
                  .sandbox = caller.sandbox,
                  .job = caller.job,
                  .decision = CallReport::Decision::kDenied,
                  .reason = refusal.text,
                  .parameters_sha256 = attempt.take_parameters_hash()});
    call->set_answer({Status::kDenied, refusal.text});
    return call;
  }
  std::unique_ptr<Flight> flight = std::move(admitted).value();
  flight->call = call.get();
  flight->report = report({.tool = attempt.shown_name(),
                           .sandbox = caller.sandbox,
                           .job = caller.job,
                           .decision = CallReport::Decision::kAllowed,
                           .reason = {},
                           .parameters_sha256 = attempt.take_parameters_hash()});
  const std::shared_ptr<Work> work = flight->work;
  call->id = work->id;
  flights_.emplace(work->id, std::move(flight));
  if (options_.executor->submit([work] { work->run(); }) == Executor::Accepted::kBusy) {
    end_flight(work->id, "busy", {Status::kFailed, "too many calls are being made"}, {});
  }
  return call;
}

// --- the end of a call

void Broker::record_expiry(const Flight& flight) {
  record_expiry(flight.use->capability(), flight.sandbox,
                [&flight](audit::Record& record) { record.number("call", flight.work->id); });
}

void Broker::end_flight(CallId id, const char* outcome, ToolAnswer answer,
                        std::string_view detail) {
  const auto at = flights_.find(id);
  CHECK(at != flights_.end());
  const std::unique_ptr<Flight> flight = std::move(at->second);
  flights_.erase(at);
  flight->work->cancelled = true;
  const double ms = static_cast<double>(options_.clock->monotonic_ns() - flight->started_ns) / 1e6;
  audit::Record record("tool.end");
  record.number("call", id).text("tool", flight->work->tool).text("outcome", outcome);
  record.number("us", static_cast<uint64_t>(std::max(ms, 0.0) * 1000));
  if (answer.status == Status::kOk) {
    record.number("result_bytes", answer.body.size()).text("result_sha256", hash_of(answer.body));
  } else {
    record.text("message", answer.body).text("detail", detail.substr(0, kDetailBytes));
  }
  if (!put_on_record(record, flight->sandbox) && answer.status == Status::kOk) {
    answer = {Status::kFailed, "the audit log cannot be written"};
  }
  if (flight->report) {
    CallReport& kept = reports_[*flight->report];
    kept.ms = ms;
    if (answer.status != Status::kOk) {
      kept.decision = CallReport::Decision::kFailed;
      kept.reason = printable(answer.body);
    }
  }
  if (flight->call != nullptr) flight->call->set_answer(std::move(answer));
}

void Broker::give_up(CallId id) {
  const auto at = flights_.find(id);
  if (at == flights_.end()) return;
  at->second->call = nullptr;
  end_flight(id, "cancelled", {Status::kFailed, "the caller gave it up"}, {});
}

// What the guest gets for what the handler gave. Sets `how`, for the audit log.
ToolAnswer Broker::check_result(const Flight& flight, Outcome& outcome, const char** how) {
  if (outcome.kind == Outcome::Kind::kError) {
    *how = "error";
    std::string message = outcome.message.substr(0, kMessageBytes);
    return {Status::kFailed, message.empty() ? "the tool failed" : printable(message)};
  }
  *how = "bad_result";
  const RegisteredTool& tool = *flight.tool;
  if (outcome.result.size() > tool.tool.result_bytes) {
    outcome.detail = std::to_string(outcome.result.size()) + " bytes";
    return {Status::kFailed, "the tool's result is too long"};
  }
  const auto json = read_json(outcome.result, {.bytes = tool.tool.result_bytes});
  if (!json.ok()) {
    outcome.detail = "byte " + std::to_string(json.error().offset) + ": " + json.error().message;
    return {Status::kFailed, "the tool's result is not JSON"};
  }
  if (tool.result) {
    const auto valid = tool.result->validate(*json);
    if (!valid.ok()) {
      outcome.detail = words_of(valid.error());
      return {Status::kFailed, "the tool's result does not match its schema"};
    }
  }
  *how = "ok";
  return {Status::kOk, write_json(*json)};
}

void Broker::deliver() {
  Mailbox::Post post = mailbox_->collect();
  // A revocation comes first: a result that arrived with it must not get through.
  for (const CallId id : post.revoked) {
    if (!flights_.contains(id)) continue;
    end_flight(id, "revoked", {Status::kDenied, "the capability was revoked during the call"}, {});
  }
  const int64_t present = options_.clock->monotonic_ns();
  for (auto& [id, outcome] : post.ended) {
    const auto at = flights_.find(id);
    if (at == flights_.end()) continue;  // given up, revoked or late
    // A handler that gave up at its deadline is late, too.
    if (outcome.kind == Outcome::Kind::kError && at->second->deadline_ns <= present) continue;
    const char* how = "";
    ToolAnswer answer = check_result(*at->second, outcome, &how);
    if (answer.status == Status::kOk && !take_bytes(at->second->job, answer.body.size())) {
      how = "limit";
      answer = {Status::kDenied, "the result was not let through: tools.bytes is reached"};
    }
    if (answer.status == Status::kOk) {
      const auto charged = at->second->use->charge_bytes(answer.body.size(), now());
      if (!charged.ok()) {
        how = cap::reason_name(charged.error().reason);
        if (charged.error().reason == cap::Reason::kExpired) record_expiry(*at->second);
        answer = {Status::kDenied, "the result was not let through: " + charged.error().text};
      }
    }
    end_flight(id, how, std::move(answer), outcome.detail);
  }
  if (!flights_.empty()) end_late_flights();
}

void Broker::end_late_flights() {
  const int64_t present = options_.clock->monotonic_ns();
  std::vector<CallId> late;
  for (const auto& [id, flight] : flights_) {
    if (flight->deadline_ns <= present) late.push_back(id);
  }
  for (const CallId id : late) {
    const Flight& flight = *flights_.at(id);
    if (!flight.ends_by_expiry) {
      end_flight(id, "timeout", {Status::kFailed, "the tool took too long"}, {});
      continue;
    }
    record_expiry(flight);
    end_flight(id, "expired", {Status::kDenied, "the capability expired during the call"}, {});
  }
}

int64_t Broker::next_deadline() const {
  int64_t next = INT64_MAX;
  for (const auto& [id, flight] : flights_) next = std::min(next, flight->deadline_ns);
  return next;
}

std::vector<CallReport> Broker::take_reports() {
  for (auto& [id, flight] : flights_) flight->report.reset();
  return std::exchange(reports_, {});
}

std::vector<CallReport> Broker::take_reports(uint32_t job) {
  std::vector<CallReport> taken, left;
  std::vector<std::optional<size_t>> places;  // in `left`, by that in reports_
  for (CallReport& each : reports_) {
    const bool mine = each.job == job;
    places.push_back(mine ? std::nullopt : std::optional(left.size()));
    (mine ? taken : left).push_back(std::move(each));
  }
  reports_ = std::move(left);
  for (auto& [id, flight] : flights_) {
    if (flight->report) flight->report = places[*flight->report];
  }
  return taken;
}

std::vector<CallReport> Broker::reports_of(const std::string& sandbox) const {
  std::vector<CallReport> found;
  std::copy_if(reports_.begin(), reports_.end(), std::back_inserter(found),
               [&sandbox](const CallReport& each) { return each.sandbox == sandbox; });
  return found;
}

Broker::Totals Broker::totals() const {
  Totals totals = before_;
  for (const auto& [job, use] : uses_) {
    totals.calls += use.calls;
    totals.bytes += use.bytes;
  }
  totals.under_way = flights_.size();
  return totals;
}

uint64_t Broker::take_count() {
  uint64_t count = 0;
  while (!uses_.empty()) count += take_count(uses_.begin()->first);
  return count;
}

uint64_t Broker::take_count(uint32_t job) {
  const auto found = uses_.find(job);
  if (found == uses_.end()) return 0;
  const Use use = found->second;
  uses_.erase(found);
  before_.calls += use.calls;
  before_.bytes += use.bytes;
  return use.calls;
}

bool Broker::take_bytes(uint32_t job, uint64_t bytes) {
  uint64_t& used = uses_[job].bytes;
  if (used > limits_.bytes || bytes > limits_.bytes - used) return false;
  used += bytes;
  return true;
}

}  // namespace cloche::tools
