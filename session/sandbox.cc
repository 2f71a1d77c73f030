#include "base/sha256.h"
#include "session/failures.h"
#include "session/grants.h"
#include "session/options.h"
#include "session/policy_options.h"
#include "session/run.h"
#include "session/sandbox_state.h"

namespace cloche {
namespace {

const kernel::Process* acting_process(const Sandbox::State& sandbox) {
  return sandbox.kernel ? sandbox.kernel->acting() : nullptr;
}

}  // namespace

Sandbox::Sandbox(std::unique_ptr<State> state) : state_(std::move(state)) {}
Sandbox::Sandbox(Sandbox&&) noexcept = default;
Sandbox& Sandbox::operator=(Sandbox&&) noexcept = default;
Sandbox::~Sandbox() = default;

Expected<Sandbox> Sandbox::create(const Host& host, SandboxOptions options) {
  if (const std::string problem = session::check_options(options); !problem.empty()) {
    return session::invalid(problem);
  }
  std::optional<policy::Policy> policy;
  if (!options.policy.empty()) {
    auto read = session::read_policy(options);
    if (!read) return read.error();
    auto narrowed = session::apply_policy(std::move(options), *read, session::same_host_folder);
    if (!narrowed) return narrowed.error();
    options = std::move(*narrowed);
    policy = std::move(*read);
  }
  auto state = std::make_unique<State>();
  if (!state->requests.valid()) {
    return Failure{Failure::Kind::kResourceExhausted, "no file descriptor left"};
  }
  state->host = host.state_;
  state->options = std::move(options);
  auto effective = session::effective_limits(state->options.limits, policy ? &*policy : nullptr);
  if (!effective) return effective.error();
  const session::EffectiveLimits& limits = state->limits = *effective;
  if (session::needs_workers(limits)) {
    if (auto failure = session::join_workers(*state)) return *failure;
  }
  const auto step = session::clock_resolution(state->options, policy ? &*policy : nullptr);
  if (!step) return step.error();
  state->guest_clock.emplace(state->clock, *step);
  const auto seed = session::random_seed(state->options, policy ? &*policy : nullptr);
  if (!seed) return seed.error();
  if (*seed) state->seeded_random = std::make_unique<SeededRandom>(**seed);
  state->options.clock_resolution = std::chrono::nanoseconds(*step);
  state->options.random_seed = *seed ? to_hex(**seed) : "";
  const bool recorded = session::ToolSide::is_wanted(state->options);
  std::function<bool(const Mount&)> before_change;
  if (recorded) {
    before_change = [raw = state.get()](const Mount& mount) {
      return raw->tools->record_write(mount, session::SandboxGate::caller_of(acting_process(*raw)));
    };
  }
  auto world = session::build_world({.packs = state->host->packs,
                                     .mounts = state->options.mounts,
                                     .open = session::open_host_mount,
                                     .user = state->options.user,
                                     .disk = limits.disk,
                                     .inodes = limits.inodes,
                                     .clock = *state->guest_clock,
                                     .before_change = std::move(before_change)});
  if (!world) return world.error();
  state->world = std::move(*world);
  if (state->options.workdir.empty()) state->options.workdir = state->world.home;
  state->environment = session::environment_of(state->options, state->world.home);

  kernel::KernelOptions kernel_options;
  kernel_options.engine = state->host->engine.get();
  kernel_options.ready = state->host->ready.get();
  kernel_options.clock = &state->clock;
  kernel_options.clock_step_ns = *step;
  kernel_options.random = state->seeded_random ? state->seeded_random.get() : &state->host_random;
  kernel_options.names = std::move(state->world.names);
  kernel_options.disk = state->world.budget;
  kernel_options.hostname = state->options.hostname;
  kernel_options.limits = session::kernel_limits(limits);
  kernel_options.user = {.uid = session::kUserId, .gid = session::kUserId, .groups = {}};
  kernel_options.log = [raw = state.get()](const std::string& line) {
    raw->last_log_line = line;
    if (raw->options.log) raw->options.log(line);
  };
  if (recorded) {
    auto tools = session::ToolSide::create(
        state->options, policy ? &*policy : nullptr, state->clock, state->host_random,
        [raw = state.get()] { raw->requests.ring(); },
        [raw = state.get()](const char* limit) { raw->kernel->count_limit(limit); });
    if (!tools) return tools.error();
    state->tools = std::move(*tools);
    state->tools->broker().set_limits(session::call_limits(limits));
    state->family.emplace(session::Family{*state->host, state->clock, *kernel_options.random,
                                          *state->tools, state->options.log});
    state->gate = std::make_unique<session::SandboxGate>(session::SandboxGate::Options{
        *state->family, "", state->limits, state->world.budget, *step});
    kernel_options.tools = state->gate.get();
    kernel_options.on_limit = [gate = state->gate.get()](const char* limit,
                                                         const kernel::Process* process) {
      gate->record_limit(limit, process);
    };
    if (state->tools->records_programs()) {
      kernel_options.on_start = [raw = state.get()](const kernel::ProgramStart& start) {
        return raw->tools->record_program(start, "");
      };
    }
  }
  state->kernel = kernel::Kernel::create(std::move(kernel_options));
  return Sandbox(std::move(state));
}

Expected<RunResult> Sandbox::run(RunOptions options) {
  return session::run_program(*state_, std::move(options));
}

Expected<RunResult> Sandbox::run(std::vector<std::string> argv) {
  RunOptions options;
  options.argv = std::move(argv);
  return run(std::move(options));
}

Expected<Process> Sandbox::spawn(RunOptions options) {
  auto record = session::spawn_program(*state_, std::move(options));
  if (!record) return record.error();
  return Process(std::move(*record));
}

Expected<Process> Sandbox::spawn(std::vector<std::string> argv) {
  RunOptions options;
  options.argv = std::move(argv);
  return spawn(std::move(options));
}

Expected<CodeResult> Sandbox::run_code(CodeOptions options) {
  return session::run_cell(*state_, std::move(options));
}

Expected<CodeResult> Sandbox::run_python(std::string code) {
  return run_code({.code = std::move(code)});
}

Expected<CodeResult> Sandbox::run_js(std::string code) {
  return run_code({.code = std::move(code), .language = Language::kJavaScript});
}

bool Sandbox::interrupt(Language language, const std::string& session) {
  bool found = false;
  state_->control.perform([&] { found = state_->code.interrupt(language, session); });
  return found;
}

bool Sandbox::close_session(Language language, const std::string& session) {
  bool found = false;
  state_->control.perform([&] { found = state_->code.close(language, session); });
  return found;
}

std::vector<SessionInfo> Sandbox::sessions() const {
  std::vector<SessionInfo> all;
  state_->control.perform([&] { all = state_->code.list(); });
  return all;
}

std::vector<std::string> Sandbox::audit() const {
  return state_->tools ? state_->tools->audit_lines() : std::vector<std::string>();
}

void Sandbox::signal(int signo) noexcept { state_->requests.ask_signal(signo); }
void Sandbox::kill() noexcept { state_->requests.ask_kill(); }
void Sandbox::resize(WindowSize window) noexcept { state_->requests.ask_window(window); }

}  // namespace cloche
