#include "session/inner_sandbox.h"

#include <algorithm>

#include "base/json.h"
#include "base/printable.h"
#include "base/sha256.h"
#include "kernel/lent_file.h"
#include "session/failures.h"
#include "session/grants.h"
#include "session/options.h"
#include "session/policy_options.h"
#include "session/tool_side.h"
#include "tools/authority.h"
#include "vfs/overlay.h"
#include "vfs/view.h"

namespace cloche::session {
namespace {

using kernel::Authority;
using kernel::ToolAnswer;
using kernel::ToolCaller;

// More would take the sandbox's thread too long: mounts and variables are compared with each other.
constexpr size_t kMaxMounts = 256, kMaxVariables = 4096;

// File systems that hold nothing but files. A view of /proc or /dev would show more.
constexpr std::string_view kShownTypes[] = {"tmpfs", "cloche", "hostfs", "overlay", "view"};

cap::Request sandbox_request() {
  cap::Request request;
  request.kind = cap::Kind::kSandbox;
  request.name = cap::kSandboxName;
  return request;
}

InnerSandbox::Refusal wrong(std::string text) { return {false, std::move(text)}; }
InnerSandbox::Refusal denied(std::string text) { return {true, std::move(text)}; }

// What the process that starts it sees and may do.
class Outside {
 public:
  explicit Outside(kernel::Process& process) : process_(process), names_(process.kernel->names()) {}

  // A mount of the inner sandbox: part of a file system of the outer one.
  Expected<HostMount> open(const Mount& mount, const HostMountOptions& options) const {
    const std::string what =
        "mount '" + printable(mount.host) + "' at '" + printable(mount.guest) + "'";
    if (mount.host.empty()) return invalid(what + ": the path outside is empty");
    const auto found = find(mount.host);
    if (!found.ok()) return failure_of(found.error(), what);
    const bool shown = found->mount && std::find(std::begin(kShownTypes), std::end(kShownTypes),
                                                 found->mount->type) != std::end(kShownTypes);
    const vfs::FileType type = found->inode->type();
    if (!shown || (type != vfs::FileType::kRegular && type != vfs::FileType::kDirectory)) {
      return invalid(what +
                     ": only folders and files can be mounted, and none of /proc, /dev and "
                     "/run/tools");
    }
    const bool writable = mount.mode == MountMode::kReadWrite;
    if (writable && found->inode->read_only()) {
      return invalid(what + ": it is read-only here, so it cannot be 'rw' inside");
    }
    vfs::InodeRef root = vfs::make_view(
        found->inode, {!writable, options.device, names_.mount_points(*found->mount)});
    if (mount.mode == MountMode::kCopyOnWrite) {
      root = vfs::make_overlay(
          std::move(root),
          {.clock = &options.clock, .budget = options.budget, .dev = options.device});
      return HostMount{std::move(root), "overlay", "rw"};
    }
    return HostMount{std::move(root), "view", writable ? "rw" : "ro"};
  }

  bool same(const std::string& a, const std::string& b) const {
    const auto first = find(a), second = find(b);
    return first.ok() && second.ok() && first->inode == second->inode;
  }

 private:
  vfs::SysResult<vfs::Location> find(const std::string& path) const {
    return names_.walk(process_.cwd, path, process_.credentials, vfs::kFollowLast);
  }

  kernel::Process& process_;
  const vfs::Namespace& names_;
};

std::string join_folder(const std::string& folder, const std::string& path) {
  return folder.empty() || path.starts_with('/') ? path : folder + "/" + path;
}

}  // namespace

// The call whose answer is how the sandbox ended. Whoever drops it ends the sandbox.
class InnerSandbox::PendingRun final : public kernel::ToolCall {
 public:
  explicit PendingRun(InnerSandbox& started) : sandbox(&started) { started.call_ = this; }
  ~PendingRun() override {
    if (sandbox != nullptr) sandbox->call_ = nullptr;
  }
  InnerSandbox* sandbox;  // null: it is gone
};

InnerSandbox::InnerSandbox(SandboxGate& gate) : outer_gate_(gate), family_(gate.options_.family) {
  ++gate.alive_;
}

InnerSandbox::~InnerSandbox() {
  if (call_ != nullptr) std::exchange(call_, nullptr)->sandbox = nullptr;
  if (on_record_) {
    // The sandbox around it ends, or there was no way to start this one.
    RunResult result;
    if (watch_) result.outcome = Outcome::kCancelled;
    end(result);
  }
  --outer_gate_.alive_;
}

void InnerSandbox::revoked(void* env) noexcept {
  auto* sandbox = static_cast<InnerSandbox*>(env);
  sandbox->revoked_ = true;
  sandbox->family_.tools.ring();
}

// --- starting

class InnerSandbox::Builder {
 public:
  Builder(SandboxGate& gate, Authority& authority, const ToolCaller& caller,
          kernel::Process& process, InnerRequest request)
      : gate_(gate),
        family_(gate.options_.family),
        authority_(authority),
        caller_(caller),
        process_(process),
        request_(std::move(request)),
        outside_(process) {}

  Result<Ref<kernel::ToolCall>, Refusal> build() {
    TRY(check_right());
    TRY(read_options());
    made_.reset(new InnerSandbox(gate_));
    made_->name_ = family_.tools.name_below(gate_.options_.name, ++gate_.started_);
    TRY(make_limits());
    TRY(make_clock_and_random());
    TRY(make_world());
    TRY(make_authority());
    TRY(pay());
    make_kernel();
    TRY(start());
    auto call = make_ref<PendingRun>(*made_);
    process_.kernel->add_nested(std::move(made_));
    return Ref<kernel::ToolCall>(call);
  }

 private:
  // Before anything is looked at for somebody who may not do this at all.
  Result<Unit, Refusal> check_right() {
    const auto denial = tools::space_of(authority_).check(sandbox_request(), now());
    if (denial) return refuse(*denial);
    if (gate_.options_.depth + 1 >= SandboxGate::kMaxDepth) {
      return denied("sandboxes are nested as deep as they can be: " +
                    std::to_string(SandboxGate::kMaxDepth));
    }
    if (gate_.alive_ >= SandboxGate::kMaxAtOnce) {
      return denied("as many sandboxes run here as there can be at a time: " +
                    std::to_string(SandboxGate::kMaxAtOnce));
    }
    return Unit{};
  }

  Refusal refuse(const cap::Denial& denial) const {
    if (denial.reason == cap::Reason::kExpired) {
      family_.tools.broker().record_expiry(tools::space_of(authority_), denial.node, caller_);
    }
    return denied(words_of(denial));
  }

  static std::string words_of(const cap::Denial& denial) {
    if (denial.reason <= cap::Reason::kScope) return "no sandbox may be started from here";
    if (denial.reason == cap::Reason::kCalls) return "no more sandboxes may be started from here";
    return denial.text;
  }

  cap::Now now() const {
    return {.realtime_ns = family_.clock.realtime_ns(),
            .monotonic_ns = family_.clock.monotonic_ns()};
  }

  static Result<Unit, Refusal> check_counts(size_t mounts, size_t variables) {
    if (mounts > kMaxMounts) {
      return wrong("more than " + std::to_string(kMaxMounts) + " mounts");
    }
    if (variables > kMaxVariables) {
      return wrong("more than " + std::to_string(kMaxVariables) + " environment variables");
    }
    return Unit{};
  }

  Result<Unit, Refusal> read_options() {
    SandboxOptions& options = request_.options;
    if (has_nul(request_.argv)) return wrong("an argument holds a NUL byte");
    TRY(check_counts(options.mounts.size(), options.env.size()));
    if (!options.policy.empty()) {
      auto read = read_policy(options);
      if (!read) return wrong(read.error().message);
      TRY(check_counts(read->mounts.size(), read->env.size()));
      for (policy::Mount& mount : read->mounts) {
        mount.host = join_folder(options.policy_folder, mount.host);
      }
      options.policy_folder.clear();
      auto narrowed = apply_policy(
          std::move(options), *read,
          [this](const std::string& a, const std::string& b) { return outside_.same(a, b); });
      if (!narrowed) return wrong(narrowed.error().message);
      request_.options = std::move(*narrowed);
      policy_ = std::move(*read);
    }
    const std::string problem = check_options(request_.options);
    if (!problem.empty()) return wrong(problem);
    return Unit{};
  }

  // It takes turns with the threads of the sandbox around it, so it has no weight of its own, and
  // runs where they run.
  Result<Unit, Refusal> check_cpus(const EffectiveLimits& asked) const {
    if (asked.cpu_weight != EffectiveLimits().cpu_weight) {
      return wrong("limit cpu.weight: a sandbox inside another one has none of its own");
    }
    if (!asked.cpus.empty() && asked.cpus != gate_.options_.limits.cpus) {
      return wrong("limit cpuset: a sandbox inside another one runs on the CPUs of that one");
    }
    const auto quota = share_of(asked).quota;
    if (!quota) return Unit{};
    const Status valid = sched::check_quota(*quota);
    if (!valid.ok()) return wrong(failure_of(valid.error()).message);
    return Unit{};
  }

  Result<Unit, Refusal> make_limits() {
    const auto asked = effective_limits(request_.options.limits, policy_ ? &*policy_ : nullptr);
    if (!asked) return wrong(asked.error().message);
    TRY(check_cpus(*asked));
    made_->limits_ = within(*asked, gate_.options_.limits);
    made_->bandwidth_.set(share_of(made_->limits_).quota, family_.clock.monotonic_ns());
    made_->output_ = make_ref<kernel::OutputBudget>(made_->limits_.output);
    return Unit{};
  }

  // Its clock is at least as coarse as the one around it. Random numbers come from a seed of its
  // own, or from those of the process that starts it.
  Result<Unit, Refusal> make_clock_and_random() {
    const policy::Policy* const policy = policy_ ? &*policy_ : nullptr;
    const auto step = clock_resolution(request_.options, policy);
    if (!step) return wrong(step.error().message);
    const auto seed = random_seed(request_.options, policy);
    if (!seed) return wrong(seed.error().message);
    made_->guest_clock_.emplace(family_.clock, std::max(*step, gate_.options_.clock_step_ns));
    if (*seed) {
      made_->random_ = std::make_unique<SeededRandom>(**seed);
    } else {
      made_->random_ = process_.random_source().split();
    }
    request_.options.clock_resolution = std::chrono::nanoseconds(made_->guest_clock_->step_ns());
    request_.options.random_seed = *seed ? to_hex(**seed) : "";
    return Unit{};
  }

  Result<Unit, Refusal> make_world() {
    auto world = build_world(
        {.packs = family_.host.packs,
         .mounts = request_.options.mounts,
         .open = [this](const Mount& mount,
                        const HostMountOptions& options) { return outside_.open(mount, options); },
         .user = request_.options.user,
         .disk = made_->limits_.disk,
         .inodes = made_->limits_.inodes,
         .clock = *made_->guest_clock_,
         .outer_budget = gate_.options_.files});
    if (!world) return wrong(world.error().message);
    made_->world_ = std::move(*world);
    if (request_.options.workdir.empty()) request_.options.workdir = made_->world_.home;
    return Unit{};
  }

  // Tools: of what the caller holds, what the policy grants, and of that what the patterns name.
  // Nothing is handed on that was not named.
  Result<Unit, Refusal> make_authority() {
    Ref<Authority> less(&authority_);
    if (policy_) {
      auto narrowed = gate_.narrow(*less, caller_, tools_of_policy());
      if (!narrowed.ok()) return wrong("tools of the policy: " + narrowed.error());
      less = std::move(narrowed).value();
    }
    if (!policy_ || !request_.options.allow_tools.empty()) {
      auto narrowed = gate_.narrow(*less, caller_, tools_of_patterns());
      if (!narrowed.ok()) return wrong("allowed tools: " + narrowed.error());
      less = std::move(narrowed).value();
    }
    inner_authority_ = std::move(less);
    return add_sandbox_right();
  }

  // The policy was read before, so its text is JSON.
  std::string tools_of_policy() const {
    const auto json = read_json(request_.options.policy, {.bytes = policy::kMaxPolicyBytes});
    const Json* const tools = json.ok() ? json->find("tools") : nullptr;
    return tools != nullptr ? write_json(*tools) : "[]";
  }

  std::string tools_of_patterns() const {
    std::string text = "[";
    for (const std::string& pattern : request_.options.allow_tools) {
      if (text.size() > 1) text += ',';
      text += "{\"tool\":" + quote_json(pattern) + ",\"others\":\"allow\"}";
    }
    return text + "]";
  }

  Result<Unit, Refusal> add_sandbox_right() {
    const auto restriction =
        sandbox_restriction(policy_ ? &*policy_ : nullptr, request_.options.sandboxes);
    if (!restriction) return Unit{};
    const cap::Space& held = tools::space_of(authority_);
    for (const cap::Handle handle : held.handles()) {
      const auto capability = held.get(handle);
      if (!capability.ok() || capability->kind() != cap::Kind::kSandbox) continue;
      auto part = capability->derive(*restriction);
      if (!part.ok()) return denied(part.error().message);
      const auto installed = tools::space_of(*inner_authority_).install(std::move(part).value());
      if (!installed.ok()) return denied(installed.error().message);
      return Unit{};  // of one only: two would be twice as much
    }
    return denied("no sandbox may be started from here");
  }

  // From here on the right is used up, whatever happens.
  Result<Unit, Refusal> pay() {
    auto use = tools::space_of(authority_)
                   .charge(sandbox_request(), now(), {made_.get(), &InnerSandbox::revoked});
    if (!use.ok()) return refuse(use.error());
    made_->use_ = std::move(use).value();
    if (family_.tools.record_inner(caller_, made_->name_, made_->use_->capability().chain(),
                                   request_.options, request_.argv)) {
      made_->on_record_ = true;
      return Unit{};
    }
    return denied("the audit log cannot be written");
  }

  void make_kernel() {
    InnerSandbox& made = *made_;
    made.gate_ = std::make_unique<SandboxGate>(
        SandboxGate::Options{.family = family_,
                             .name = made.name_,
                             .limits = made.limits_,
                             .files = made.world_.budget,
                             .clock_step_ns = made.guest_clock_->step_ns(),
                             .depth = gate_.options_.depth + 1});
    kernel::KernelOptions options;
    options.engine = family_.host.engine.get();
    options.ready = family_.host.ready.get();
    options.clock = &family_.clock;
    options.clock_step_ns = made.guest_clock_->step_ns();
    options.random = made.random_ ? made.random_.get() : &family_.random;
    options.names = std::move(made.world_.names);
    options.disk = made.world_.budget;
    options.hostname = request_.options.hostname;
    options.limits = kernel_limits(made.limits_);
    options.user = {.uid = kUserId, .gid = kUserId, .groups = {}};
    options.tools = made.gate_.get();
    options.outer = process_.kernel;
    options.log = [raw = &made](const std::string& line) {
      raw->last_log_line_ = line;
      if (raw->family_.log) raw->family_.log(raw->name_ + ": " + line);
    };
    options.on_limit = [gate = made.gate_.get()](const char* limit,
                                                 const kernel::Process* process) {
      gate->record_limit(limit, process);
    };
    if (family_.tools.records_programs()) {
      options.on_start = [raw = &made](const kernel::ProgramStart& start) {
        return raw->family_.tools.record_program(start, raw->name_);
      };
    }
    made.kernel_ = kernel::Kernel::create(std::move(options));
  }

  Result<Unit, Refusal> start() {
    InnerSandbox& made = *made_;
    kernel::StartOptions start;
    start.path = request_.argv[0];
    start.argv = request_.argv;
    start.envp = environment_of(request_.options, made.world_.home);
    start.cwd = request_.options.workdir;
    start.files = TRY(lend_streams());
    start.job = made.job_ = process_.job;
    start.authority = inner_authority_;
    made.watch_.emplace(RunWatch::Subject{*made.kernel_, family_.clock, made.limits_, *made.output_,
                                          *made.world_.budget, made.kernel_->usage(), made.job_});
    if (const auto expires = made.use_->capability().expires_ns()) {
      const int64_t left = std::max<int64_t>(*expires - family_.clock.realtime_ns(), 0);
      made.expires_ = family_.clock.monotonic_ns() + left;
    }
    made.start_.emplace(*made.kernel_, *made.watch_, std::move(start), made.last_log_line_);
    made.start_->go_on();
    return Unit{};
  }

  Result<std::vector<std::pair<int32_t, kernel::FileRef>>, Refusal> lend_streams() {
    std::vector<std::pair<int32_t, kernel::FileRef>> files;
    for (size_t i = 0; i < request_.streams.size(); ++i) {
      const auto fd = static_cast<int32_t>(i);
      if (!request_.streams[i]) {
        files.emplace_back(fd, null_stream(i));
        continue;
      }
      auto file = process_.fds->get(kernel::Fd{*request_.streams[i]});
      auto lent =
          file.ok() ? kernel::lend_file(*made_->kernel_, std::move(file).value(),
                                        i == 0 ? kernel::LendFor::kInput : kernel::LendFor::kOutput,
                                        made_->output_)
                    : kernel::SysResult<kernel::FileRef>(file.error());
      if (!lent.ok()) {
        return wrong(
            "descriptor " + std::to_string(*request_.streams[i]) +
            " cannot be a standard stream of a sandbox inside: " + session::describe(lent.error()));
      }
      files.emplace_back(fd, std::move(lent).value());
    }
    return files;
  }

  kernel::FileRef null_stream(size_t number) {
    if (number == 0) return kernel::memory_input(*made_->kernel_, {});
    return kernel::memory_output(*made_->kernel_, make_ref<kernel::Capture>(),
                                 {made_->output_, {}});
  }

  SandboxGate& gate_;
  const Family& family_;
  Authority& authority_;
  const ToolCaller& caller_;
  kernel::Process& process_;
  InnerRequest request_;
  const Outside outside_;
  std::optional<policy::Policy> policy_;
  Ref<Authority> inner_authority_;
  std::unique_ptr<InnerSandbox> made_;
};

Result<Ref<kernel::ToolCall>, InnerSandbox::Refusal> InnerSandbox::start(SandboxGate& gate,
                                                                         Authority& authority,
                                                                         const ToolCaller& caller,
                                                                         kernel::Process& process,
                                                                         InnerRequest request) {
  return Builder(gate, authority, caller, process, std::move(request)).build();
}

// --- running

void InnerSandbox::charge_cpu_max() {
  const int64_t used = kernel_->cpu_ns();
  bandwidth_.charge(used - std::exchange(charged_ns_, used), family_.clock.monotonic_ns());
}

bool InnerSandbox::ready(int64_t now) {
  if (call_ == nullptr || revoked_ || start_->failure()) return true;
  if (now >= std::min(watch_->deadline(), expires_)) return true;
  if (start_->pending()) return start_->may_go_on();
  return bandwidth_.available(now) > 0 && kernel_->ready();
}

int64_t InnerSandbox::next_deadline() {
  const int64_t now = family_.clock.monotonic_ns();
  const int64_t goes_on =
      bandwidth_.available(now) > 0 ? kernel_->next_deadline() : bandwidth_.next_refill(now);
  return std::min({watch_->deadline(), expires_, goes_on});
}

kernel::Nested::Turn InnerSandbox::turn(int64_t slice_ns, const kernel::Question& should_stop) {
  RunResult result;
  start_->go_on();
  charge_cpu_max();  // what was compiled for it
  if (!finished(result)) {
    const int64_t available = bandwidth_.available(family_.clock.monotonic_ns());
    if (available > 0) {
      kernel_->run(watch_->slice(std::min(slice_ns, available)), should_stop);
    }
    charge_cpu_max();
    if (!finished(result)) return Turn::kAlive;
  }
  end(result);
  return Turn::kGone;
}

bool InnerSandbox::finished(RunResult& result) {
  if (start_->failure()) {
    result = *start_->failure();
    return true;
  }
  if (call_ == nullptr) {
    result.outcome = Outcome::kCancelled;
    return true;
  }
  const bool expired = family_.clock.monotonic_ns() >= expires_;
  if (revoked_ || expired) {
    const ToolCaller who{.pids = {}, .program = {}, .sandbox = name_};
    if (!revoked_) family_.tools.broker().record_expiry(use_->capability(), who);
    result.outcome = Outcome::kDenied;
    result.error_type = revoked_ ? "revoked" : "expired";
    result.error_message =
        std::string("the right to run this sandbox ") + (revoked_ ? "was revoked" : "has expired");
    return true;
  }
  if (!watch_->finished(result)) return false;
  family_.tools.record_stop(result, name_);
  return true;
}

void InnerSandbox::end(RunResult& result) {
  kernel_->kill_all();
  if (watch_) watch_->fill_usage(result);
  result.stdout_truncated = output_->exceeded();
  result.tool_calls = family_.tools.calls_of(name_);
  result.usage.tool_calls = result.tool_calls.size();
  family_.tools.record_end(result, name_);
  on_record_ = false;
  if (call_ == nullptr) return;
  call_->sandbox = nullptr;
  std::exchange(call_, nullptr)->set_answer({ToolAnswer::Status::kOk, to_json(result)});
}

}  // namespace cloche::session
