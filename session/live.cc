// Live control of a sandbox: what it uses, limits that change, pause and resume.
#include "base/printable.h"
#include "kernel/process_info.h"
#include "session/failures.h"
#include "session/options.h"
#include "session/run.h"
#include "session/run_watch.h"
#include "session/sandbox_state.h"

namespace cloche {
namespace {

using kernel::Kernel;

MemoryStats memory_stats(const kernel::KernelUsage& usage) {
  const kernel::MemoryUse& memory = usage.memory;
  return {.processes = memory.processes,
          .shared = memory.shared,
          .buffers = memory.buffers,
          .files = memory.files,
          .objects = memory.objects,
          .total = memory.total(),
          .peak = usage.memory_peak_bytes};
}

// `inside`: the name of the sandbox below that of the outermost; empty for that one.
void add_processes(Kernel& kernel, const std::string& inside, SandboxStats& stats) {
  for (kernel::ProcessInfo& info : kernel::list_processes(kernel)) {
    stats.processes.push_back({.sandbox = inside,
                               .pid = info.pid,
                               .parent = info.parent,
                               .name = printable(info.name),
                               .command = printable(info.command),
                               .state = info.state,
                               .nice = info.nice,
                               .cpu_ns = info.cpu_ns,
                               .memory_bytes = info.memory_bytes,
                               .threads = info.threads,
                               .open_files = info.open_files});
  }
  for (const auto& nested : kernel.nested()) {
    ++stats.sandboxes_inside;
    const std::string& name = nested->name();
    add_processes(nested->kernel(), name.substr(name.find('.') + 1), stats);
  }
}

// Of what shows as the run under way; null: nothing does.
const session::RunWatch* watch_of(Sandbox::State& sandbox) {
  session::Program* const program = sandbox.programs.first();
  const session::CodeCall* const call = sandbox.code.first();
  if (call != nullptr &&
      (program == nullptr || program->kind() == session::Program::Kind::kSpawned)) {
    return &*call->watch;
  }
  return program != nullptr ? &program->watch() : nullptr;
}

SandboxStats stats_of(Sandbox::State& sandbox) {
  Kernel& kernel = *sandbox.kernel;
  const kernel::KernelUsage usage = kernel.usage();
  SandboxStats stats;
  const session::RunWatch* const watch = watch_of(sandbox);
  if (watch != nullptr) {
    stats.wall_ns = watch->wall_ns();
    stats.run_cpu_ns = watch->cpu_ns();
    stats.state = SandboxStats::State::kRunning;
  }
  stats.output_bytes = sandbox.programs.output_bytes();
  if (sandbox.paused) stats.state = SandboxStats::State::kPaused;
  stats.cpu_ns = usage.cpu_ns;
  stats.compile_ns = usage.compile_ns;
  const sched::Usage share = sandbox.cpu_share ? sandbox.cpu_share->usage() : sched::Usage();
  stats.throttled_ns = share.throttled_ns + usage.memory_slowed_ns;
  stats.throttles = share.throttles;
  stats.waited_ns = share.wait_ns;
  stats.switches = share.switches;
  stats.migrations = share.migrations;
  stats.memory = memory_stats(usage);
  stats.tasks = kernel.tasks();
  stats.processes_started = usage.processes;
  stats.forks = usage.forks;
  stats.execs = usage.execs;
  stats.syscalls = usage.syscalls;
  stats.memory_kills = usage.memory_kills;
  stats.file_bytes = sandbox.world.budget->bytes_used();
  stats.inodes = sandbox.world.budget->inodes_used();
  if (sandbox.tools) {
    const tools::Broker::Totals tools = sandbox.tools->broker().totals();
    stats.tool_calls = tools.calls;
    stats.tools_denied = tools.denied;
    stats.tool_bytes = tools.bytes;
    stats.tools_under_way = tools.under_way;
  }
  for (const auto& [name, count] : kernel.limit_hits()) {
    stats.limits_hit.push_back({std::string(name), count});
  }
  add_processes(kernel, "", stats);
  return stats;
}

// What is wrong with what they say of CPUs; then nothing has changed.
std::optional<Failure> put_limits_to_work(Sandbox::State& sandbox,
                                          const session::EffectiveLimits& limits) {
  if (session::needs_workers(limits)) {
    if (auto failure = session::join_workers(sandbox)) return failure;
    sandbox.host->set_crowded();  // so that a run under way leaves the thread of its caller
  }
  if (sandbox.cpu_share) {
    const sched::Share share = session::share_of(limits);
    sched::GroupHandle& group = *sandbox.cpu_share;
    for (const Status& set : {group.set_cpus(share.cpus), group.set_quota(share.quota)}) {
      if (!set.ok()) return session::failure_of(set.error());
    }
    group.set_weight(share.weight);
  }
  sandbox.limits = limits;
  sandbox.kernel->set_limits(session::kernel_limits(limits));
  if (sandbox.tools) sandbox.tools->broker().set_limits(session::call_limits(limits));
  sandbox.world.budget->set_limits(limits.disk, limits.inodes);
  sandbox.programs.limits_changed();
  sandbox.code.limits_changed();
  return std::nullopt;
}

}  // namespace

uint64_t cpu_weight_of_nice(int nice) {
  const auto weight = sched::weight_of_nice(nice);
  return static_cast<uint64_t>(weight.ok() ? sched::cpu_weight_of(*weight)
                                           : sched::kDefaultCpuWeight);
}

const char* to_string(SandboxStats::State state) {
  switch (state) {
    case SandboxStats::State::kIdle:
      return "idle";
    case SandboxStats::State::kRunning:
      return "running";
    case SandboxStats::State::kPaused:
      return "paused";
  }
  return "idle";
}

SandboxStats Sandbox::stats() const {
  SandboxStats stats;
  state_->control.perform([&] { stats = stats_of(*state_); });
  return stats;
}

std::vector<LimitValue> Sandbox::limits() const {
  std::vector<LimitValue> list;
  state_->control.perform([&] { list = session::list_limits(state_->limits); });
  return list;
}

std::optional<Failure> Sandbox::set_limit(const std::string& name, const std::string& value) {
  std::optional<Failure> failure;
  state_->control.perform([&] {
    session::EffectiveLimits limits = state_->limits;
    failure = session::change_limit(limits, name, value);
    if (!failure) failure = put_limits_to_work(*state_, limits);
  });
  return failure;
}

void Sandbox::pause() {
  state_->control.perform([this] { state_->paused = true; });
}

void Sandbox::resume() {
  state_->control.perform([this] { state_->paused = false; });
}

std::optional<Failure> Sandbox::signal_process(int pid, int signo) {
  std::optional<Failure> failure;
  state_->control.perform([&] {
    const auto sent =
        pid > 0 ? state_->kernel->signal(pid, signo) : abi::SysResult<Unit>(abi::Errno::kINVAL);
    if (!sent.ok()) failure = session::failure_of(sent.error(), "process " + std::to_string(pid));
  });
  return failure;
}

std::optional<Failure> Sandbox::set_nice(int pid, int nice) {
  std::optional<Failure> failure;
  state_->control.perform([&] {
    const auto set = state_->kernel->set_nice(pid, nice);
    if (!set.ok()) failure = session::failure_of(set.error(), "process " + std::to_string(pid));
  });
  return failure;
}

}  // namespace cloche
