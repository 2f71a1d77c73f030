#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/interrupts.h"
#include "cli/locations.h"
#include "cli/progress.h"
#include "cli/publish.h"
#include "cli/read_file.h"
#include "cli/terminal.h"

namespace cloche::cli {
namespace {

constexpr uint64_t kModuleBytesMax = 64ull << 20;

// A failure before the program began.
int refuse(const RunArguments& arguments, const Failure& failure) {
  if (arguments.json) print(to_json(failure) + "\n");
  return complain(failure.message);
}

// The module is the program: it is not there, or it cannot be run.
int refuse_module(const RunArguments& arguments, const Failure& failure) {
  refuse(arguments, failure);
  return failure.kind == Failure::Kind::kNotFound ? kExitNotFound : kExitNotRunnable;
}

Expected<RunOptions> run_options(const RunArguments& arguments) {
  RunOptions options;
  options.argv = arguments.argv;
  options.standard_input = Stream::descriptor(STDIN_FILENO);
  if (!arguments.json) {
    options.standard_output = Stream::descriptor(STDOUT_FILENO);
    options.standard_error = Stream::descriptor(STDERR_FILENO);
  }
  options.terminal = arguments.terminal;
  if (const auto size = window_size(STDIN_FILENO)) options.window = *size;
  if (!arguments.module_path.empty()) {
    auto module = read_file(arguments.module_path, kModuleBytesMax);
    if (!module) return module.error();
    options.module.emplace(std::move(*module));
  }
  return options;
}

std::optional<Failure> read_policy(const std::string& path, SandboxOptions& options) {
  auto bytes = read_file(path, kMaxPolicyBytes);
  if (!bytes) return bytes.error();
  if (bytes->empty()) {
    return Failure{Failure::Kind::kInvalidArgument, printable(path) + ": the policy is empty"};
  }
  options.policy.assign(bytes->begin(), bytes->end());
  options.policy_name = path;
  const size_t slash = path.rfind('/');
  options.policy_folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  return std::nullopt;
}

// A program on a terminal wants to know which kind; the caller's name for it is all that goes in.
void set_terminal_type(SandboxOptions& sandbox) {
  const char* const type = getenv("TERM");
  if (type == nullptr || std::string_view(type).empty()) return;
  sandbox.env.insert(sandbox.env.begin(), {"TERM", type});
}

std::string explanation(const RunArguments& arguments, const RunResult& result) {
  switch (result.outcome) {
    case Outcome::kTimeout:
      return "ended at the wall-clock limit (--timeout)";
    case Outcome::kLimit:
      return "ended at the limit " + result.limit;
    case Outcome::kCancelled:
      return "ended on request";
    case Outcome::kError:
    case Outcome::kDenied:
      return result.error_message;
    case Outcome::kSignaled:
      if (result.error_message.empty()) return "";
      return printable(arguments.argv[0]) + ": ended by " + signal_name(result.signal) + ": " +
             result.error_message;
    case Outcome::kExited:
      return result.stdout_truncated || result.stderr_truncated
                 ? "the limit output.max was reached: output beyond it is lost"
                 : "";
  }
  return "";
}

// Ends the command without taking sandbox and engine apart: the operating system takes all of it
// back in one go, and nothing of a run is pending once it has its result.
[[noreturn]] void leave(int exit_code) {
  fflush(nullptr);
  _exit(exit_code);
}

Expected<RunResult> run_in(Sandbox& sandbox, const RunArguments& arguments, RunOptions options,
                           int& last_signal) {
  const Interrupts interrupts(sandbox, arguments.terminal ? STDIN_FILENO : -1);
  std::optional<RawTerminal> raw;
  if (arguments.terminal) raw.emplace(STDIN_FILENO);
  auto result = sandbox.run(std::move(options));
  last_signal = interrupts.last_signal();
  return result;
}

}  // namespace

// The share among the sandboxes of this machine that other commands run: threads that are made from
// here on are as nice as this one. The share among those of this process is the scheduler's.
void be_nice(const RunArguments& arguments) {
  if (arguments.nice == 0 || setpriority(PRIO_PROCESS, 0, arguments.nice) == 0) return;
  if (arguments.verbosity == Verbosity::kQuiet) return;
  complain("--nice " + std::to_string(arguments.nice) +
           ": this user may not raise priorities, so it has no effect beside other processes");
}

int run_command(const RunArguments& arguments) {
  be_nice(arguments);
  Progress progress(arguments.verbosity == Verbosity::kQuiet ? Progress::Show::kNo
                                                             : Progress::Show::kYes);
  auto options = run_options(arguments);
  if (!options) return refuse_module(arguments, options.error());
  HostOptions host_options{.pack = pack_path(arguments.pack), .cache_dir = cache_directory()};
  if (!arguments.module_path.empty() && access(host_options.pack.c_str(), F_OK) != 0 &&
      arguments.pack.empty()) {
    host_options.pack.clear();  // a module can do without
  }
  host_options.progress = [&progress](const std::string& what, int percent) {
    progress.report(what, percent);
  };
  auto host = Host::create(std::move(host_options));
  if (!host) return refuse(arguments, host.error());
  if (arguments.verbosity != Verbosity::kQuiet) {
    for (const std::string& warning : host->warnings()) complain(warning);
  }

  SandboxOptions sandbox_options = arguments.sandbox;
  if (!arguments.policy_path.empty()) {
    if (auto failure = read_policy(arguments.policy_path, sandbox_options)) {
      return refuse(arguments, *failure);
    }
  }
  if (arguments.terminal) set_terminal_type(sandbox_options);
  if (arguments.verbosity == Verbosity::kVerbose) {
    sandbox_options.log = [](const std::string& line) {
      fprintf(stderr, "cloche: %s\n", printable(line).c_str());
    };
  }
  auto sandbox = Sandbox::create(*host, std::move(sandbox_options));
  if (!sandbox) return refuse(arguments, sandbox.error());

  auto published = publish(*sandbox, arguments);
  if (!published) return refuse(arguments, published.error());

  int last_signal = 0;
  auto result = run_in(*sandbox, arguments, std::move(*options), last_signal);
  progress.finish();
  if (!result) return refuse(arguments, result.error());
  if (arguments.json && !print(to_json(*result) + "\n")) return kExitOwnError;
  const bool quiet = arguments.verbosity == Verbosity::kQuiet && result->outcome != Outcome::kError;
  if (const std::string text = explanation(arguments, *result); !text.empty() && !quiet) {
    complain(text);
  }
  if (*published != nullptr) (*published)->withdraw();
  if (!arguments.sandbox.audit_file.empty()) {
    published->reset();
    const Sandbox ended = std::move(*sandbox);  // closes the log, which has an end then
  }
  leave(exit_code_of(*result, last_signal));
}

}  // namespace cloche::cli
