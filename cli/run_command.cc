#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>

#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/interrupts.h"
#include "cli/open_sandbox.h"
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
  auto host = open_host(arguments, progress);
  if (!host) return refuse(arguments, host.error());
  auto sandbox = open_sandbox(*host, arguments);
  if (!sandbox) return refuse(arguments, sandbox.error());

  auto published = publish(*sandbox, arguments);
  if (!published) return refuse(arguments, published.error());

  int last_signal = 0;
  auto result = run_in(*sandbox, arguments, std::move(*options), last_signal);
  progress.finish();
  if (!result) return refuse(arguments, result.error());
  if (arguments.json && !print(to_json(*result) + "\n")) return kExitOwnError;
  const bool quiet = arguments.verbosity == Verbosity::kQuiet && result->outcome != Outcome::kError;
  if (const std::string text = explanation(*result, arguments.argv[0]); !text.empty() && !quiet) {
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
