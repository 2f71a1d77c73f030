#include <algorithm>

#include "base/printable.h"
#include "session/failures.h"
#include "session/policy_options.h"
#include "session/run.h"
#include "session/sandbox_state.h"

namespace cloche {
namespace {

constexpr uint64_t kAddressSpaceMax = (4ull << 30) - 65536;

// Later entries replace earlier ones of the same name.
std::vector<std::string> environment_of(const SandboxOptions& options, const std::string& home) {
  std::vector<std::pair<std::string, std::string>> variables = {
      {"PATH", "/usr/local/bin:/usr/bin:/bin"},
      {"HOME", home},
      {"USER", options.user},
      {"LANG", "C.UTF-8"},
      {"TERM", "dumb"}};
  for (const auto& [name, value] : options.env) {
    const auto found = std::find_if(variables.begin(), variables.end(),
                                    [&name](const auto& row) { return row.first == name; });
    if (found != variables.end()) {
      found->second = value;
    } else {
      variables.emplace_back(name, value);
    }
  }
  std::vector<std::string> environment;
  for (const auto& [name, value] : variables) environment.push_back(name + "=" + value);
  return environment;
}

bool valid_hostname(const std::string& name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
  });
}

std::string check_options(const SandboxOptions& options) {
  if (!valid_hostname(options.hostname)) {
    return "hostname '" + printable(options.hostname) + "': 1 to 64 letters, digits, '-' and '.'";
  }
  for (const auto& [name, value] : options.env) {
    if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos ||
        value.find('\0') != std::string::npos) {
      return "environment variable '" + printable(name) +
             "': the name may not be empty or hold '=', and neither part a NUL byte";
    }
  }
  if (options.workdir.find('\0') != std::string::npos ||
      (!options.workdir.empty() && options.workdir[0] != '/')) {
    return "working folder '" + printable(options.workdir) + "': not an absolute path";
  }
  return "";
}

kernel::KernelLimits kernel_limits(const session::EffectiveLimits& limits) {
  kernel::KernelLimits kernel_limits;
  kernel_limits.processes = limits.processes;
  kernel_limits.memory = limits.memory;
  kernel_limits.address_space = std::min(limits.memory, kAddressSpaceMax);
  kernel_limits.open_files = limits.open_files;
  return kernel_limits;
}

}  // namespace

Sandbox::Sandbox(std::unique_ptr<State> state) : state_(std::move(state)) {}
Sandbox::Sandbox(Sandbox&&) noexcept = default;
Sandbox& Sandbox::operator=(Sandbox&&) noexcept = default;
Sandbox::~Sandbox() = default;

Expected<Sandbox> Sandbox::create(const Host& host, SandboxOptions options) {
  if (const std::string problem = check_options(options); !problem.empty()) {
    return session::invalid(problem);
  }
  std::optional<policy::Policy> policy;
  if (!options.policy.empty()) {
    auto read = session::read_policy(options);
    if (!read) return read.error();
    auto narrowed = session::apply_policy(std::move(options), *read);
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
  auto world = session::build_world({.pack = state->host->pack,
                                     .mounts = state->options.mounts,
                                     .user = state->options.user,
                                     .disk = limits.disk,
                                     .inodes = limits.inodes,
                                     .clock = state->clock});
  if (!world) return world.error();
  state->world = std::move(*world);
  if (state->options.workdir.empty()) state->options.workdir = state->world.home;
  state->environment = environment_of(state->options, state->world.home);

  kernel::KernelOptions kernel_options;
  kernel_options.engine = state->host->engine.get();
  kernel_options.clock = &state->clock;
  kernel_options.random = &state->random;
  kernel_options.names = std::move(state->world.names);
  kernel_options.hostname = state->options.hostname;
  kernel_options.limits = kernel_limits(limits);
  kernel_options.user = {.uid = session::kUserId, .gid = session::kUserId, .groups = {}};
  kernel_options.log = [raw = state.get()](const std::string& line) {
    raw->last_log_line = line;
    if (raw->options.log) raw->options.log(line);
  };
  if (session::ToolSide::is_wanted(state->options)) {
    auto tools =
        session::ToolSide::create(state->options, policy ? &*policy : nullptr, state->clock,
                                  state->random, [raw = state.get()] { raw->requests.ring(); });
    if (!tools) return tools.error();
    state->tools = std::move(*tools);
    kernel_options.tools = &state->tools->gate();
    if (!state->options.audit_file.empty()) {
      kernel_options.on_start = [raw = state.get()](const kernel::ProgramStart& start) {
        return raw->tools->record_program(start);
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

std::vector<std::string> Sandbox::audit() const {
  return state_->tools ? state_->tools->audit_lines() : std::vector<std::string>();
}

void Sandbox::signal(int signo) noexcept { state_->requests.ask_signal(signo); }
void Sandbox::kill() noexcept { state_->requests.ask_kill(); }
void Sandbox::resize(WindowSize window) noexcept { state_->requests.ask_window(window); }

}  // namespace cloche
