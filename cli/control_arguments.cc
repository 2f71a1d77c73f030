#include "cli/control_arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>

#include "cli/values.h"

namespace cloche::cli {
namespace {

using Words = std::vector<std::string>;
using Text = std::optional<std::string>;

constexpr int kMaxSignal = 64;
constexpr uint64_t kMaxPid = INT32_MAX;

Failure invalid(std::string message) {
  return Failure{Failure::Kind::kInvalidArgument, std::move(message)};
}

void add_text(CLI::App& app, const char* name, Text& value, const char* help, const char* type) {
  app.add_option_function<std::string>(
         name, [&value](const std::string& text) { value = text; }, help)
      ->type_name(type)
      ->take_last();
}

// Of a limit's option, in the words of a policy.
Expected<std::string> time_value(const std::string& text) {
  const auto time = parse_duration(text);
  if (!time) return time.error();
  return time->count() == 0 ? "none" : std::to_string(time->count()) + "ns";
}

Expected<std::string> size_value(const std::string& text) {
  const auto size = parse_size(text);
  if (!size) return size.error();
  return std::to_string(*size);
}

// The sandbox says what is wrong with it.
Expected<std::string> plain_value(const std::string& text) { return text; }

struct LimitOption {
  const char* option;
  const char* limit;
  Expected<std::string> (*value)(const std::string&);
  const char* help;
  const char* type;
};
constexpr LimitOption kLimitOptions[] = {
    {"--timeout", "wall.time", time_value, "wall clock of a run; 0 for none", "DUR"},
    {"--cpu-time", "cpu.time", time_value, "CPU time of a run; 0 for none", "DUR"},
    {"--memory", "memory.max", size_value, "memory of all processes", "SIZE"},
    {"--pids", "pids.max", plain_value, "processes and threads", "N"},
    {"--disk", "disk.max", size_value, "bytes in files kept in memory", "SIZE"},
    {"--inodes", "inodes.max", plain_value, "files kept in memory", "N"},
    {"--open-files", "open_files.max", plain_value, "open files of one process", "N"},
    {"--output", "output.max", size_value, "bytes of stdout and stderr", "SIZE"},
    {"--cpus", "cpu.max", plain_value, "cores at a time", "N"},
    {"--cpu-weight", "cpu.weight", plain_value, "share of busy cores, 1..10000", "N"},
    {"--cpu-affinity", "cpuset", plain_value, "cores it may run on", "LIST"},
};

class Ps final : public ControlParser {
 public:
  explicit Ps(CLI::App& app) {
    app.add_flag("--json", parsed_.json, "one object a line, with everything that is known");
  }
  ControlArguments finish() const override { return parsed_; }

 private:
  PsArguments parsed_;
};

std::optional<Failure> take_interval(const Text& text, std::chrono::nanoseconds& interval) {
  if (!text) return std::nullopt;
  const auto parsed = parse_duration(*text);
  if (!parsed) return invalid("--interval: " + parsed.error().message);
  if (*parsed < std::chrono::milliseconds(10)) return invalid("--interval: at least 10ms");
  interval = *parsed;
  return std::nullopt;
}

class Stats final : public ControlParser {
 public:
  explicit Stats(CLI::App& app) {
    app.add_option("NAME", parsed_.names, "sandboxes (all)");
    app.add_flag("--json", parsed_.json, "one object a line, with everything that is known");
    add_text(app, "--interval", interval_, "time between samples (1s)", "DUR");
    app.add_option("-n,--count", parsed_.count, "samples; then it ends (0: until stopped)")
        ->type_name("N");
  }
  ControlArguments finish() const override {
    StatsArguments parsed = parsed_;
    if (auto failure = take_interval(interval_, parsed.interval)) return *failure;
    return parsed;
  }

 private:
  StatsArguments parsed_;
  Text interval_;
};

class Update final : public ControlParser {
 public:
  explicit Update(CLI::App& app) {
    app.add_option("NAME", names_, "sandboxes")->required();
    for (size_t i = 0; i < std::size(kLimitOptions); ++i) {
      const LimitOption& row = kLimitOptions[i];
      add_text(app, row.option, values_[i], row.help, row.type);
    }
    add_text(app, "--nice", nice_, "the cpu.weight that goes with it, -20..19", "N");
    app.add_option("--limit", others_, "any limit, by the name and in the words of a policy")
        ->type_name("NAME=VALUE")
        ->allow_extra_args(false);
  }
  ControlArguments finish() const override {
    TellArguments parsed{names_, {.what = Request::Do::kSetLimits}};
    for (size_t i = 0; i < std::size(kLimitOptions); ++i) {
      if (!values_[i]) continue;
      auto value = kLimitOptions[i].value(*values_[i]);
      if (!value)
        return invalid(std::string(kLimitOptions[i].option) + ": " + value.error().message);
      parsed.request.limits.push_back({kLimitOptions[i].limit, *value});
    }
    if (nice_) {
      const auto nice = parse_nice(*nice_);
      if (!nice) return invalid("--nice: " + nice.error().message);
      parsed.request.limits.push_back({"cpu.weight", std::to_string(cpu_weight_of_nice(*nice))});
    }
    for (const std::string& text : others_) {
      auto limit = parse_limit_assignment(text);
      if (!limit) return invalid("--limit: " + limit.error().message);
      parsed.request.limits.push_back(*limit);
    }
    if (parsed.request.limits.empty()) return invalid("update: no limit is given");
    return parsed;
  }

 private:
  Words names_, others_;
  Text values_[std::size(kLimitOptions)], nice_;
};

class Kill final : public ControlParser {
 public:
  explicit Kill(CLI::App& app) {
    app.add_option("NAME", names_, "sandboxes")->required();
    add_text(app, "-s,--signal", signal_,
             "this signal (KILL, which without --pid ends the sandbox at once)", "SIG");
    add_text(app, "--pid", pid_,
             "to this process inside (to the program or the terminal's foreground processes)",
             "PID");
  }
  ControlArguments finish() const override {
    TellArguments parsed{names_, {.what = Request::Do::kSignal}};
    const auto signal = parse_signal(signal_.value_or("KILL"));
    if (!signal) return invalid("--signal: " + signal.error().message);
    parsed.request.signal = *signal;
    if (pid_) {
      const auto pid = parse_count(*pid_, 1, kMaxPid);
      if (!pid) return invalid("--pid: " + pid.error().message);
      parsed.request.pid = static_cast<int>(*pid);
    } else if (signal_name(*signal) == "SIGKILL") {
      parsed.request.what = Request::Do::kKill;
    }
    return parsed;
  }

 private:
  Words names_;
  Text signal_, pid_;
};

// pause and resume.
class Plain final : public ControlParser {
 public:
  Plain(CLI::App& app, Request::Do what) : what_(what) {
    app.add_option("NAME", names_, "sandboxes")->required();
  }
  ControlArguments finish() const override { return TellArguments{names_, {.what = what_}}; }

 private:
  Words names_;
  const Request::Do what_;
};

class Renice final : public ControlParser {
 public:
  explicit Renice(CLI::App& app) {
    app.add_option("NAME", name_, "the sandbox")->required();
    app.add_option("PID", pid_, "a process inside")->required();
    app.add_option("N", nice_, "-20 (much of the CPU) to 19 (little)")->required();
  }
  ControlArguments finish() const override {
    TellArguments parsed{{name_}, {.what = Request::Do::kNice}};
    const auto pid = parse_count(pid_, 1, kMaxPid);
    if (!pid) return invalid("PID: " + pid.error().message);
    parsed.request.pid = static_cast<int>(*pid);
    const auto nice = parse_nice(nice_);
    if (!nice) return invalid("N: " + nice.error().message);
    parsed.request.nice = *nice;
    return parsed;
  }

 private:
  std::string name_, pid_, nice_;
};

class Metrics final : public ControlParser {
 public:
  explicit Metrics(CLI::App& app) { app.add_option("NAME", parsed_.names, "sandboxes (all)"); }
  ControlArguments finish() const override { return parsed_; }

 private:
  MetricsArguments parsed_;
};

class Top final : public ControlParser {
 public:
  explicit Top(CLI::App& app) {
    add_text(app, "--interval", interval_, "time between samples (1s)", "DUR");
    app.add_flag("-b,--batch", batch_, "plain text on stdout, one screen after the other");
    app.add_flag("--once", once_, "one screen of plain text");
    app.add_option("-n,--count", parsed_.count, "screens of --batch (0: until stopped)")
        ->type_name("N");
  }
  ControlArguments finish() const override {
    TopArguments parsed = parsed_;
    if (auto failure = take_interval(interval_, parsed.interval)) return *failure;
    if (parsed.count != 0 && !batch_ && !once_) return invalid("-n goes with --batch");
    if (once_) parsed.count = 1;
    parsed.batch = batch_ || once_;
    return parsed;
  }

 private:
  TopArguments parsed_;
  Text interval_;
  bool batch_ = false, once_ = false;
};

}  // namespace

const std::vector<ControlCommandName>& control_commands() {
  static const std::vector<ControlCommandName> kCommands = {
      {"ps", "the sandboxes that run now"},
      {"top", "the same on the whole screen, to look into and to act on"},
      {"stats", "what they use, again and again"},
      {"update", "change limits of running sandboxes"},
      {"kill", "end sandboxes, or send a signal into them"},
      {"pause", "let sandboxes stand still"},
      {"resume", "let them go on"},
      {"renice", "change the priority of a process inside"},
      {"metrics", "what they use, as Prometheus reads it"},
  };
  return kCommands;
}

std::unique_ptr<ControlParser> add_control_options(const std::string& name, CLI::App& app) {
  if (name == "ps") return std::make_unique<Ps>(app);
  if (name == "top") return std::make_unique<Top>(app);
  if (name == "stats") return std::make_unique<Stats>(app);
  if (name == "update") return std::make_unique<Update>(app);
  if (name == "kill") return std::make_unique<Kill>(app);
  if (name == "pause") return std::make_unique<Plain>(app, Request::Do::kPause);
  if (name == "resume") return std::make_unique<Plain>(app, Request::Do::kResume);
  if (name == "renice") return std::make_unique<Renice>(app);
  if (name == "metrics") return std::make_unique<Metrics>(app);
  return nullptr;
}

Expected<int> parse_signal(std::string_view text) {
  for (int signo = 1; signo <= kMaxSignal; ++signo) {
    const std::string name = signal_name(signo);
    if (text == name || (name.starts_with("SIG") && text == name.substr(3)) ||
        text == std::to_string(signo)) {
      return signo;
    }
  }
  return invalid("'" + printable(text) + "' is no signal (like TERM, SIGTERM or 15)");
}

Expected<LimitValue> parse_limit_assignment(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size()) {
    return invalid("'" + printable(text) + "' is not NAME=VALUE (like memory.max=256M)");
  }
  return LimitValue{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

}  // namespace cloche::cli
