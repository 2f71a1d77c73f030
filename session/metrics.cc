// What sandboxes use, as Prometheus reads it.
#include <charconv>
#include <cstdio>
#include <string>

#include "include/cloche/cloche.hpp"

namespace cloche {
namespace {

using State = SandboxStats::State;

double seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }
double number(uint64_t value) { return static_cast<double>(value); }

struct Metric {
  const char* name;
  const char* type;
  const char* help;
  double (*value)(const SandboxStats&);
};
constexpr Metric kMetrics[] = {
    {"cloche_running", "gauge", "1 while a program runs and is not paused.",
     [](const SandboxStats& s) { return s.state == State::kRunning ? 1.0 : 0.0; }},
    {"cloche_paused", "gauge", "1 while it is paused.",
     [](const SandboxStats& s) { return s.state == State::kPaused ? 1.0 : 0.0; }},
    {"cloche_run_seconds", "gauge", "Wall clock of the run under way.",
     [](const SandboxStats& s) { return seconds(s.wall_ns); }},
    {"cloche_cpu_seconds_total", "counter", "CPU time of all runs.",
     [](const SandboxStats& s) { return seconds(s.cpu_ns); }},
    {"cloche_compile_seconds_total", "counter", "CPU time to compile programs.",
     [](const SandboxStats& s) { return seconds(s.compile_ns); }},
    {"cloche_throttled_seconds_total", "counter", "Time it stood still for a limit.",
     [](const SandboxStats& s) { return seconds(s.throttled_ns); }},
    {"cloche_memory_bytes", "gauge", "Memory of the host, all parts.",
     [](const SandboxStats& s) { return number(s.memory.total); }},
    {"cloche_memory_peak_bytes", "gauge", "The most memory that was seen.",
     [](const SandboxStats& s) { return number(s.memory.peak); }},
    {"cloche_memory_kills_total", "counter", "Processes ended for memory.max.",
     [](const SandboxStats& s) { return number(s.memory_kills); }},
    {"cloche_tasks", "gauge", "Processes and threads.",
     [](const SandboxStats& s) { return number(s.tasks); }},
    {"cloche_processes_started_total", "counter", "Processes that were started.",
     [](const SandboxStats& s) { return number(s.processes_started); }},
    {"cloche_forks_total", "counter", "Forks.",
     [](const SandboxStats& s) { return number(s.forks); }},
    {"cloche_execs_total", "counter", "Programs that were started by exec.",
     [](const SandboxStats& s) { return number(s.execs); }},
    {"cloche_syscalls_total", "counter", "System calls.",
     [](const SandboxStats& s) { return number(s.syscalls); }},
    {"cloche_file_bytes", "gauge", "Bytes in files kept in memory.",
     [](const SandboxStats& s) { return number(s.file_bytes); }},
    {"cloche_inodes", "gauge", "Files kept in memory.",
     [](const SandboxStats& s) { return number(s.inodes); }},
    {"cloche_output_bytes", "gauge", "Bytes of stdout and stderr of the run under way.",
     [](const SandboxStats& s) { return number(s.output_bytes); }},
    {"cloche_tool_calls_total", "counter", "Attempts to call tools.",
     [](const SandboxStats& s) { return number(s.tool_calls); }},
    {"cloche_tool_calls_denied_total", "counter", "Of them, those that were denied.",
     [](const SandboxStats& s) { return number(s.tools_denied); }},
    {"cloche_tool_bytes_total", "counter", "Bytes of parameters and results of tool calls.",
     [](const SandboxStats& s) { return number(s.tool_bytes); }},
    {"cloche_tool_calls_under_way", "gauge", "Tool calls that wait for their answer.",
     [](const SandboxStats& s) { return number(s.tools_under_way); }},
    {"cloche_sandboxes_inside", "gauge", "Sandboxes inside that are alive.",
     [](const SandboxStats& s) { return number(s.sandboxes_inside); }},
};

struct MemoryPart {
  const char* name;
  uint64_t MemoryStats::* bytes;
};
constexpr MemoryPart kMemoryParts[] = {{"processes", &MemoryStats::processes},
                                       {"shared", &MemoryStats::shared},
                                       {"buffers", &MemoryStats::buffers},
                                       {"files", &MemoryStats::files},
                                       {"objects", &MemoryStats::objects}};

struct Unit {
  std::string_view name;
  double factor;
};
// As policies write them; longer names first.
constexpr Unit kUnits[] = {{"ns", 1e-9},  {"us", 1e-6},  {"ms", 1e-3}, {"s", 1},
                           {"m", 60},     {"h", 3600},   {"B", 1},     {"K", 1024},
                           {"M", 0x1p20}, {"G", 0x1p30}, {"", 1}};

// A limit's value in its base unit; false: it is none, or not one number.
bool limit_number(std::string_view text, double& value) {
  const char* const last = text.data() + text.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): `last` ends it
  const auto [end, error] = std::from_chars(text.data(), last, value, std::chars_format::fixed);
  if (error != std::errc()) return false;
  const std::string_view rest(end, static_cast<size_t>(last - end));
  for (const Unit& unit : kUnits) {
    if (rest != unit.name) continue;
    value *= unit.factor;
    return true;
  }
  return false;
}

std::string label(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

void put_head(std::string& out, const char* name, const char* type, const char* help) {
  out += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
}

// `more`: further labels, with a comma in front.
void put_sample(std::string& out, const char* name, const std::string& sandbox,
                const std::string& more, double value) {
  char text[64];
  // Shortest that reads back the same; whole numbers without an exponent up to 2^53.
  const bool whole = value < 0x1p53 && value == static_cast<double>(static_cast<uint64_t>(value));
  snprintf(text, sizeof text, whole ? "%.0f" : "%.9g", value);
  out += std::string(name) + "{sandbox=\"" + label(sandbox) + "\"" + more + "} " + text + "\n";
}

}  // namespace

std::string to_prometheus(const std::vector<SandboxReport>& sandboxes) {
  std::string out;
  for (const Metric& metric : kMetrics) {
    put_head(out, metric.name, metric.type, metric.help);
    for (const SandboxReport& one : sandboxes) {
      put_sample(out, metric.name, one.name, "", metric.value(one.stats));
    }
  }
  put_head(out, "cloche_memory_part_bytes", "gauge", "Memory of the host, by parts.");
  for (const SandboxReport& one : sandboxes) {
    for (const MemoryPart& part : kMemoryParts) {
      put_sample(out, "cloche_memory_part_bytes", one.name,
                 std::string(",part=\"") + part.name + "\"", number(one.stats.memory.*part.bytes));
    }
  }
  put_head(out, "cloche_limit_hits_total", "counter", "How often a limit was reached.");
  for (const SandboxReport& one : sandboxes) {
    for (const LimitHits& hit : one.stats.limits_hit) {
      put_sample(out, "cloche_limit_hits_total", one.name, ",limit=\"" + label(hit.name) + "\"",
                 number(hit.count));
    }
  }
  put_head(out, "cloche_limit", "gauge", "Limits: seconds, bytes, cores or a count.");
  for (const SandboxReport& one : sandboxes) {
    for (const LimitValue& limit : one.limits) {
      double value = 0;
      if (!limit_number(limit.value, value)) continue;
      put_sample(out, "cloche_limit", one.name, ",limit=\"" + label(limit.name) + "\"", value);
    }
  }
  return out;
}

}  // namespace cloche
