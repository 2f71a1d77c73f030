// The commands about running sandboxes, except top.
#include <unistd.h>

#include <cerrno>
#include <iterator>
#include <map>
#include <optional>

#include "cli/commands.h"
#include "cli/control/client.h"
#include "cli/exit_codes.h"
#include "cli/running.h"
#include "cli/table.h"

namespace cloche::cli {
namespace {

using Clock = std::chrono::steady_clock;

std::string memory_limit(const Report& report) {
  const auto bytes = limit_bytes(report.limits, "memory.max");
  return bytes ? short_bytes(*bytes) : "none";
}

// A row of ps for a sandbox; one that does not answer in time is shown, too: it is there.
Row ps_row(const Answer& answer) {
  const std::string pid = std::to_string(answer.pid);
  const Report* const found = report_of(answer);
  if (found == nullptr) return {answer.name, pid, "silent", "?", "?", "?", "?", "?", "?"};
  const Report& report = *found;
  const SandboxStats& stats = report.stats;
  return {report.name,
          pid,
          to_string(stats.state),
          short_time(report.age_ns),
          short_percent(percent_of(stats.cpu_ns, report.age_ns)),
          short_bytes(stats.memory.total),
          memory_limit(report),
          std::to_string(stats.tasks),
          report.command};
}

constexpr const char* kPsHeader[] = {"NAME", "PID",   "STATE", "AGE",    "CPU%",
                                     "MEM",  "LIMIT", "TASKS", "COMMAND"};
constexpr Align kPsAlign[] = {Align::kLeft,  Align::kRight, Align::kLeft,
                              Align::kRight, Align::kRight, Align::kRight,
                              Align::kRight, Align::kRight, Align::kLeft};

// CPU time since the sample before; the first one of a sandbox is since it began.
class CpuShare {
 public:
  double percent(const Report& report) {
    auto [entry, fresh] = before_.try_emplace(report.name, Sample{0, 0});
    Sample& before = entry->second;
    const bool same = !fresh && before.age_ns <= report.age_ns;
    const double share =
        same ? percent_of(report.stats.cpu_ns - before.cpu_ns, report.age_ns - before.age_ns)
             : percent_of(report.stats.cpu_ns, report.age_ns);
    before = {report.stats.cpu_ns, report.age_ns};
    return share;
  }

 private:
  struct Sample {
    int64_t cpu_ns, age_ns;
  };
  std::map<std::string, Sample> before_;
};

Row stats_row(const Report& report, double percent) {
  const SandboxStats& stats = report.stats;
  return {report.name,
          short_percent(percent),
          short_time(stats.cpu_ns),
          short_time(stats.throttled_ns),
          short_bytes(stats.memory.total),
          memory_limit(report),
          short_bytes(stats.memory.peak),
          std::to_string(stats.tasks),
          std::to_string(stats.forks),
          short_bytes(stats.file_bytes),
          short_bytes(stats.output_bytes),
          std::to_string(stats.tool_calls)};
}

constexpr const char* kStatsHeader[] = {"NAME", "CPU%",  "TIME",  "THROTTLED", "MEM",    "LIMIT",
                                        "PEAK", "TASKS", "FORKS", "FILES",     "OUTPUT", "TOOLS"};

std::string stats_text(const std::vector<Report>& reports, CpuShare& shares) {
  std::vector<Align> align(std::size(kStatsHeader), Align::kRight);
  align[0] = Align::kLeft;
  std::vector<Row> rows = {Row(std::begin(kStatsHeader), std::end(kStatsHeader))};
  for (const Report& report : reports) rows.push_back(stats_row(report, shares.percent(report)));
  return format_table(rows, align);
}

// What they say to kShow. Those that answer nothing are complained about; the worst exit code goes
// to `code`.
std::vector<Report> reports_of(RunningSandboxes& running, const std::vector<std::string>& names,
                               int& code) {
  std::vector<Report> reports;
  for (const Answer& answer : running.ask(names, {.what = Request::Do::kShow})) {
    if (const Report* const report = report_of(answer)) {
      reports.push_back(*report);
    } else if (!names.empty() || answer.pid != 0) {
      code = std::max(code, running.complain_about(answer));
    }
  }
  return reports;
}

// After an update: what the limits are now.
std::string new_limits(const Report& report, const std::vector<LimitValue>& changed) {
  std::string text;
  for (const LimitValue& wanted : changed) {
    const auto value = find_limit(report.limits, wanted.name);
    text +=
        displayable(report.name + ": " + wanted.name + " " + value.value_or(wanted.value)) + "\n";
  }
  return text;
}

}  // namespace

int ps_command(const PsArguments& arguments) {
  auto running = RunningSandboxes::open();
  if (!running) return complain(running.error().message);
  std::vector<Row> rows = {Row(std::begin(kPsHeader), std::end(kPsHeader))};
  std::string json;
  for (const Answer& answer : running->ask({}, {.what = Request::Do::kShow})) {
    if (answer.pid == 0) continue;  // ended meanwhile
    rows.push_back(ps_row(answer));
    if (const Report* const report = report_of(answer)) json += report_json(*report) + "\n";
  }
  return print(arguments.json ? json : format_table(rows, kPsAlign)) ? 0 : kExitOwnError;
}

int stats_command(const StatsArguments& arguments) {
  auto running = RunningSandboxes::open();
  if (!running) return complain(running.error().message);
  CpuShare shares;
  auto next = Clock::now();
  for (uint64_t i = 0; arguments.count == 0 || i < arguments.count; ++i) {
    if (i > 0) {
      next += std::chrono::duration_cast<Clock::duration>(arguments.interval);
      sleep_until(next);
    }
    int code = 0;
    const std::vector<Report> reports = reports_of(*running, arguments.names, code);
    std::string text;
    for (const Report& report : reports) text += report_json(report) + "\n";
    if (!arguments.json) text = stats_text(reports, shares);
    if (!print(text)) return kExitOwnError;
    if (code != 0) return code;
  }
  return 0;
}

int tell_command(const TellArguments& arguments) {
  auto running = RunningSandboxes::open();
  if (!running) return complain(running.error().message);
  int code = 0;
  std::vector<std::string> done;
  for (const Answer& answer : running->ask(arguments.names, arguments.request)) {
    if (answer.reply || (answer.ended && may_end(arguments.request))) {
      done.push_back(answer.name);
    } else {
      code = std::max(code, running->complain_about(answer));
    }
  }
  if (arguments.request.what != Request::Do::kSetLimits || done.empty()) return code;
  std::string text;
  for (const Report& report : reports_of(*running, done, code)) {
    text += new_limits(report, arguments.request.limits);
  }
  return print(text) ? code : kExitOwnError;
}

int metrics_command(const MetricsArguments& arguments) {
  auto running = RunningSandboxes::open();
  if (!running) return complain(running.error().message);
  int code = 0;
  std::vector<SandboxReport> sandboxes;
  for (Report& report : reports_of(*running, arguments.names, code)) {
    sandboxes.push_back({report.name, std::move(report.stats), std::move(report.limits)});
  }
  return print(to_prometheus(sandboxes)) ? code : kExitOwnError;
}

}  // namespace cloche::cli
