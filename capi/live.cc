// Live control: what other threads see and do while a sandbox runs.
#include "capi/handles.h"

struct cloche_stats {
  cloche::SandboxStats stats;
};

namespace cloche::capi {
namespace {

template <class Subject>
struct NumberRow {
  std::string_view name;
  int64_t (*get)(const Subject& subject);
};

int64_t of(uint64_t value) { return static_cast<int64_t>(value); }

using Stats = SandboxStats;
constexpr NumberRow<Stats> kStats[] = {
    {"wall_ns", [](const Stats& s) { return s.wall_ns; }},
    {"run_cpu_ns", [](const Stats& s) { return s.run_cpu_ns; }},
    {"cpu_ns", [](const Stats& s) { return s.cpu_ns; }},
    {"compile_ns", [](const Stats& s) { return s.compile_ns; }},
    {"throttled_ns", [](const Stats& s) { return s.throttled_ns; }},
    {"memory.processes", [](const Stats& s) { return of(s.memory.processes); }},
    {"memory.shared", [](const Stats& s) { return of(s.memory.shared); }},
    {"memory.buffers", [](const Stats& s) { return of(s.memory.buffers); }},
    {"memory.files", [](const Stats& s) { return of(s.memory.files); }},
    {"memory.objects", [](const Stats& s) { return of(s.memory.objects); }},
    {"memory.total", [](const Stats& s) { return of(s.memory.total); }},
    {"memory.peak", [](const Stats& s) { return of(s.memory.peak); }},
    {"tasks", [](const Stats& s) { return of(s.tasks); }},
    {"processes_started", [](const Stats& s) { return of(s.processes_started); }},
    {"forks", [](const Stats& s) { return of(s.forks); }},
    {"execs", [](const Stats& s) { return of(s.execs); }},
    {"syscalls", [](const Stats& s) { return of(s.syscalls); }},
    {"memory_kills", [](const Stats& s) { return of(s.memory_kills); }},
    {"file_bytes", [](const Stats& s) { return of(s.file_bytes); }},
    {"inodes", [](const Stats& s) { return of(s.inodes); }},
    {"output_bytes", [](const Stats& s) { return of(s.output_bytes); }},
    {"tool_calls", [](const Stats& s) { return of(s.tool_calls); }},
    {"tools_denied", [](const Stats& s) { return of(s.tools_denied); }},
    {"tool_bytes", [](const Stats& s) { return of(s.tool_bytes); }},
    {"tools_under_way", [](const Stats& s) { return of(s.tools_under_way); }},
    {"sandboxes_inside", [](const Stats& s) { return of(s.sandboxes_inside); }},
};

constexpr NumberRow<ProcessStats> kProcess[] = {
    {"pid", [](const ProcessStats& p) { return int64_t{p.pid}; }},
    {"parent", [](const ProcessStats& p) { return int64_t{p.parent}; }},
    {"nice", [](const ProcessStats& p) { return int64_t{p.nice}; }},
    {"cpu_ns", [](const ProcessStats& p) { return p.cpu_ns; }},
    {"memory_bytes", [](const ProcessStats& p) { return of(p.memory_bytes); }},
    {"threads", [](const ProcessStats& p) { return int64_t{p.threads}; }},
    {"open_files", [](const ProcessStats& p) { return int64_t{p.open_files}; }},
};

template <class Subject, size_t kCount>
int64_t number_of(const NumberRow<Subject> (&rows)[kCount], const Subject* subject,
                  const char* name) {
  if (subject == nullptr || name == nullptr) return CLOCHE_NONE;
  for (const auto& row : rows) {
    if (row.name == name) return row.get(*subject);
  }
  return CLOCHE_NONE;
}

const ProcessStats* process_at(const cloche_stats* stats, size_t index) {
  return index < cloche_stats_process_count(stats) ? &stats->stats.processes[index] : nullptr;
}

bool succeeded(std::optional<Failure> failure, cloche_error** error) {
  if (failure) fail(error, std::move(*failure));
  return !failure;
}

}  // namespace
}  // namespace cloche::capi

using namespace cloche::capi;

cloche_stats* cloche_sandbox_stats(const cloche_sandbox* sandbox) noexcept {
  return sandbox == nullptr ? nullptr : new cloche_stats{sandbox->sandbox.stats()};
}

const char* cloche_stats_state(const cloche_stats* stats) noexcept {
  return stats == nullptr ? nullptr : to_string(stats->stats.state);
}

int64_t cloche_stats_number(const cloche_stats* stats, const char* name) noexcept {
  return number_of(kStats, stats == nullptr ? nullptr : &stats->stats, name);
}

uint64_t cloche_stats_limit_hits(const cloche_stats* stats, const char* name) noexcept {
  if (stats == nullptr || name == nullptr) return 0;
  for (const cloche::LimitHits& hit : stats->stats.limits_hit) {
    if (hit.name == name) return hit.count;
  }
  return 0;
}

size_t cloche_stats_process_count(const cloche_stats* stats) noexcept {
  return stats == nullptr ? 0 : stats->stats.processes.size();
}

int64_t cloche_stats_process_number(const cloche_stats* stats, size_t index,
                                    const char* name) noexcept {
  return number_of(kProcess, process_at(stats, index), name);
}

const char* cloche_stats_process_sandbox(const cloche_stats* stats, size_t index) noexcept {
  const cloche::ProcessStats* process = process_at(stats, index);
  return process == nullptr ? nullptr : process->sandbox.c_str();
}

const char* cloche_stats_process_name(const cloche_stats* stats, size_t index) noexcept {
  const cloche::ProcessStats* process = process_at(stats, index);
  return process == nullptr ? nullptr : process->name.c_str();
}

const char* cloche_stats_process_command(const cloche_stats* stats, size_t index) noexcept {
  const cloche::ProcessStats* process = process_at(stats, index);
  return process == nullptr ? nullptr : process->command.c_str();
}

char cloche_stats_process_state(const cloche_stats* stats, size_t index) noexcept {
  const cloche::ProcessStats* process = process_at(stats, index);
  return process == nullptr ? '\0' : process->state;
}

void cloche_stats_free(cloche_stats* stats) noexcept { delete stats; }

char* cloche_sandbox_limit(const cloche_sandbox* sandbox, const char* name) noexcept {
  if (sandbox == nullptr || name == nullptr) return nullptr;
  for (const cloche::LimitValue& limit : sandbox->sandbox.limits()) {
    if (limit.name == name) return new_text(limit.value);
  }
  return nullptr;
}

bool cloche_sandbox_set_limit(cloche_sandbox* sandbox, const char* name, const char* value,
                              cloche_error** error) noexcept {
  if (sandbox == nullptr || name == nullptr || value == nullptr) {
    fail_null(error, __func__);
    return false;
  }
  return succeeded(sandbox->sandbox.set_limit(name, value), error);
}

void cloche_sandbox_pause(cloche_sandbox* sandbox) noexcept {
  if (sandbox != nullptr) sandbox->sandbox.pause();
}

void cloche_sandbox_resume(cloche_sandbox* sandbox) noexcept {
  if (sandbox != nullptr) sandbox->sandbox.resume();
}

bool cloche_sandbox_signal_process(cloche_sandbox* sandbox, int pid, int signo,
                                   cloche_error** error) noexcept {
  if (sandbox != nullptr) return succeeded(sandbox->sandbox.signal_process(pid, signo), error);
  fail_null(error, __func__);
  return false;
}

bool cloche_sandbox_set_nice(cloche_sandbox* sandbox, int pid, int nice,
                             cloche_error** error) noexcept {
  if (sandbox != nullptr) return succeeded(sandbox->sandbox.set_nice(pid, nice), error);
  fail_null(error, __func__);
  return false;
}
