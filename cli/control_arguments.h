// The part of the command line that is about running sandboxes: ps, stats, update, kill, pause,
// resume, renice, metrics, top.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cli/control/wire.h"

namespace CLI {
class App;
}

namespace cloche::cli {

struct PsArguments {
  bool json = false;
};

struct StatsArguments {
  std::vector<std::string> names;  // empty: all
  bool json = false;
  std::chrono::nanoseconds interval = std::chrono::seconds(1);
  uint64_t count = 0;  // samples; 0: until stopped
};

// update, kill, pause, resume, renice: one request to each of some sandboxes.
struct TellArguments {
  std::vector<std::string> names;
  Request request;
};

struct MetricsArguments {
  std::vector<std::string> names;  // empty: all
};

struct TopArguments {
  bool batch = false;  // plain text, no terminal
  uint64_t count = 0;  // screens of a batch; 0: until stopped
  std::chrono::nanoseconds interval = std::chrono::seconds(1);
};

using ControlArguments = std::variant<Failure, PsArguments, StatsArguments, TellArguments,
                                      MetricsArguments, TopArguments>;

struct ControlCommandName {
  const char* name;
  const char* help;
};
// In the order of the help text.
const std::vector<ControlCommandName>& control_commands();

// The options of one of them.
class ControlParser {
 public:
  virtual ~ControlParser() = default;
  // What the options say, once they are parsed.
  virtual ControlArguments finish() const = 0;
};

// Adds the options of the command `name` to `app`; null if it is not one of control_commands().
// The parser must outlive the parsing.
std::unique_ptr<ControlParser> add_control_options(const std::string& name, CLI::App& app);

// "TERM", "SIGTERM" or "15".
Expected<int> parse_signal(std::string_view text);

// One limit of a running sandbox, "NAME=VALUE" with the name and value of a policy.
Expected<LimitValue> parse_limit_assignment(std::string_view text);

}  // namespace cloche::cli
