#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <type_traits>

#include "cli/control/runtime_folder.h"
#include "cli/exit_codes.h"
#include "cli/values.h"

namespace cloche::cli {
namespace {

using Argv = std::vector<std::string>;
using Text = std::optional<std::string>;

class CommandFormatter final : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* app, std::string name) const override {
    if (name == "run") {
      return "Usage: cloche run [OPTIONS] [--] PROGRAM [ARG...]\n"
             "       cloche run [OPTIONS] -c SCRIPT [NAME [ARG...]]\n"
             "       cloche run [OPTIONS] --module FILE.wasm [ARG...]\n";
    }
    if (name == "code") {
      return "Usage: cloche code [OPTIONS] [FILE|-]...\n"
             "       cloche code [OPTIONS] -c CODE [-c CODE]...\n"
             "       cloche code [OPTIONS] --requests\n";
    }
    if (app->get_parent() != nullptr) name.insert(0, "cloche ");
    return CLI::Formatter::make_usage(app, name);
  }
};

// What CLI11 fills; turned into RunArguments once it is complete.
struct RawOptions {
  Argv mounts, env, tools, allow_tools, limits;
  Text workdir, user, hostname, timeout, cpu_time, memory, pids, disk, inodes, open_files, output,
      script, module, pack, audit, policy, sandboxes, clock_resolution, random_seed, cpus,
      cpu_weight, nice, cpu_affinity, name;
  bool interactive = false, terminal = false, json = false, quiet = false, verbose = false,
       unpublished = false;
};

void add_text(CLI::App& app, const char* names, Text& value, const char* help, const char* type) {
  app.add_option_function<std::string>(
         names, [&value](const std::string& text) { value = text; }, help)
      ->type_name(type)
      ->take_last();
}

void add_list(CLI::App& app, const char* names, Argv& values, const char* help, const char* type) {
  app.add_option(names, values, help)->type_name(type)->allow_extra_args(false);
}

void add_sandbox_options(CLI::App& app, RawOptions& raw) {
  add_list(app, "-v,--mount", raw.mounts, "a host folder or file in the sandbox; ro unless said",
           "HOST:GUEST[:ro|rw|cow]");
  add_list(app, "-e,--env", raw.env, "an environment variable", "NAME=VALUE");
  add_text(app, "-w,--workdir", raw.workdir, "folder to start in (the user's home)", "DIR");
  add_text(app, "-u,--user", raw.user, "the user's name inside (user)", "NAME");
  add_text(app, "--hostname", raw.hostname, "the host's name inside (cloche)", "NAME");
  add_text(app, "--timeout", raw.timeout, "wall clock (60s; 0 for none; shell: none)", "DUR");
  add_text(app, "--cpu-time", raw.cpu_time, "CPU time (30s; 0 for none; shell: none)", "DUR");
  add_text(app, "--cpus", raw.cpus, "CPU time a second, in CPUs (1, which is all that one can use)",
           "N");
  add_text(app, "--cpu-weight", raw.cpu_weight, "share of busy CPUs, 1 to 10000 (100)", "N");
  add_text(app, "--nice", raw.nice, "the same as nice(1) says it, -20 to 19 (0)", "N");
  add_text(app, "--cpu-affinity", raw.cpu_affinity, "CPUs that it may run on (all)", "LIST");
  add_text(app, "--memory", raw.memory, "memory of all processes (512M)", "SIZE");
  add_text(app, "--pids", raw.pids, "processes and threads (256)", "N");
  add_text(app, "--disk", raw.disk, "bytes in files kept in memory (1G)", "SIZE");
  add_text(app, "--inodes", raw.inodes, "files kept in memory (100000)", "N");
  add_text(app, "--open-files", raw.open_files, "open files of one process (1024)", "N");
  add_text(app, "--output", raw.output,
           "bytes of stdout and stderr (64M); what happens to a run that writes more (kill)",
           "SIZE[:kill|truncate]");
  add_text(app, "--clock-resolution", raw.clock_resolution,
           "what all clocks inside are rounded down to, 1ns to 1s (100us)", "DUR");
  add_text(app, "--random-seed", raw.random_seed,
           "64 hexadecimal digits that all random numbers follow from (the host's own)", "HEX");
  add_list(app, "--limit", raw.limits,
           "any other limit, by the name that a policy has for it (docs/quotas.md)", "NAME=VALUE");
  add_text(app, "--policy", raw.policy,
           "everything that is granted; all other options can only narrow it", "FILE.json");
  add_list(app, "--tool", raw.tools,
           "a tool that is this shell command of the host: JSON on its stdin and stdout",
           "NAME=COMMAND");
  add_list(app, "--allow-tool", raw.allow_tools,
           "let the sandbox call this tool; * is one segment of a name, ** any number", "NAME");
  add_text(app, "--sandboxes", raw.sandboxes,
           "how many sandboxes programs may start inside, in all, with less than this one has (0)",
           "N");
  add_text(app, "--audit", raw.audit, "the audit log; an existing one is continued", "FILE.jsonl");
  add_text(app, "--pack", raw.pack,
           "the guest's programs ($CLOCHE_PACK, else beside the command or in ../share/cloche)",
           "FILE");
  add_text(app, "--name", raw.name, "what cloche ps, top, update and kill call it (run-PID)",
           "NAME");
  app.add_flag("--no-publish", raw.unpublished, "hide it from cloche ps and its relatives");
  app.add_flag("-q,--quiet", raw.quiet, "no progress, no remarks");
  app.add_flag("--verbose", raw.verbose, "say what the sandbox refuses or does not know");
}

void add_run_options(CLI::App& app, RawOptions& raw) {
  add_text(app, "-c", raw.script, "run this script by bash; NAME and arguments may follow",
           "SCRIPT");
  add_text(app, "--module", raw.module, "run this WebAssembly file of the host", "FILE.wasm");
  app.add_flag("-i,--interactive", raw.interactive,
               "keep stdin open (it always is; for those used to Docker)");
  app.add_flag("-t,--tty", raw.terminal, "give the program a terminal");
  app.add_flag("--json", raw.json, "print one result object instead of the program's output");
}

struct RawCode {
  RawOptions sandbox;
  Argv codes, files;
  Text language, cell_timeout;
  bool requests = false, json = false;
};

void add_code_options(CLI::App& app, RawCode& raw) {
  app.add_option("FILE", raw.files, "a cell of code; -: from standard input (what is not said)");
  add_list(app, "-c,--code", raw.codes, "a cell of code", "CODE");
  add_text(app, "--language", raw.language, "python or js (what FILE's name ends in, else python)",
           "NAME");
  add_text(app, "--cell-timeout", raw.cell_timeout, "interrupt a cell after that", "DUR");
  app.add_flag("--json", raw.json, "print one result object for each cell");
  app.add_flag("--requests", raw.requests,
               "read requests, a JSON object a line, and answer them (docs/sessions.md)");
}

Finished own_error(const std::string& message) {
  return Finished{kExitOwnError, "cloche: " + message + "\n"};
}

// Sets `target` from option --`name` if it was given; the error otherwise.
template <class T, class Parse>
std::optional<Finished> apply(const char* name, const Text& text, T& target, const Parse& parse) {
  if (!text) return std::nullopt;
  auto value = parse(*text);
  if (!value) return own_error(std::string("--") + name + ": " + value.error().message);
  target = static_cast<T>(*value);
  return std::nullopt;
}

std::optional<Finished> apply_limits(const RawOptions& raw, Limits& limits) {
  const auto count = [](uint64_t low, uint64_t high) {
    return [low, high](const std::string& text) { return parse_count(text, low, high); };
  };
  std::optional<Finished> error = apply("timeout", raw.timeout, limits.timeout, parse_duration);
  if (!error) error = apply("cpu-time", raw.cpu_time, limits.cpu_time, parse_duration);
  if (!error) error = apply("memory", raw.memory, limits.memory, parse_size);
  if (!error) error = apply("pids", raw.pids, limits.processes, count(1, 32768));
  if (!error) error = apply("disk", raw.disk, limits.disk, parse_size);
  if (!error) error = apply("inodes", raw.inodes, limits.inodes, count(1, UINT32_MAX));
  if (!error) error = apply("open-files", raw.open_files, limits.open_files, count(3, 65536));
  return error;
}

// --output SIZE[:kill|truncate]
std::optional<Finished> apply_output(const RawOptions& raw, Limits& limits) {
  if (!raw.output) return std::nullopt;
  const size_t colon = raw.output->find(':');
  const Text size = raw.output->substr(0, colon);
  if (auto error = apply("output", size, limits.output, parse_size)) return error;
  if (colon == std::string::npos) return std::nullopt;
  if (auto failure = set_limit(limits, "output.over", raw.output->substr(colon + 1))) {
    return own_error("--output: " + failure->message);
  }
  return std::nullopt;
}

// Limits that are given as a policy writes them.
std::optional<Finished> apply_named_limits(const RawOptions& raw, RunArguments& run) {
  const auto set = [&run](const char* option, const std::string& name,
                          const std::string& value) -> std::optional<Finished> {
    if (auto failure = set_limit(run.sandbox.limits, name, value)) {
      return own_error(std::string(option) + ": " + failure->message);
    }
    return std::nullopt;
  };
  if (raw.nice && raw.cpu_weight) return own_error("--nice and --cpu-weight exclude each other");
  if (raw.nice) {
    const auto nice = parse_nice(*raw.nice);
    if (!nice) return own_error("--nice: " + nice.error().message);
    run.nice = *nice;
    run.sandbox.limits.cpu_weight = cpu_weight_of_nice(*nice);
  }
  std::optional<Finished> error = apply_output(raw, run.sandbox.limits);
  if (!error && raw.cpus) error = set("--cpus", "cpu.max", *raw.cpus);
  if (!error && raw.cpu_weight) error = set("--cpu-weight", "cpu.weight", *raw.cpu_weight);
  if (!error && raw.cpu_affinity) error = set("--cpu-affinity", "cpuset", *raw.cpu_affinity);
  for (const std::string& text : raw.limits) {
    if (error) break;
    const size_t equals = text.find('=');
    if (equals == std::string::npos) {
      return own_error("--limit: '" + printable(text) + "' is not NAME=VALUE");
    }
    error = set("--limit", text.substr(0, equals), text.substr(equals + 1));
  }
  return error;
}

std::optional<Finished> apply_sandbox(const RawOptions& raw, RunArguments& run) {
  if (auto error = apply_named_limits(raw, run)) return error;
  for (const std::string& text : raw.mounts) {
    auto mount = parse_mount(text);
    if (!mount) return own_error(mount.error().message);
    run.sandbox.mounts.push_back(*mount);
  }
  for (const std::string& text : raw.env) {
    auto variable = parse_assignment(text);
    if (!variable) return own_error("--env: " + variable.error().message);
    run.sandbox.env.push_back(*variable);
  }
  for (const std::string& text : raw.tools) {
    auto tool = parse_tool(text);
    if (!tool) return own_error("--tool: " + tool.error().message);
    run.sandbox.tools.push_back(std::move(*tool));
  }
  run.sandbox.allow_tools = raw.allow_tools;
  run.sandbox.audit_file = raw.audit.value_or("");
  run.policy_path = raw.policy.value_or("");
  if (raw.policy && raw.policy->empty()) return own_error("--policy: the file's name is empty");
  if (auto error = apply_limits(raw, run.sandbox.limits)) return error;
  const auto runs = [](const std::string& text) { return parse_count(text, 0, 1'000'000'000); };
  if (auto error = apply("sandboxes", raw.sandboxes, run.sandbox.sandboxes, runs)) return error;
  if (auto error = apply("clock-resolution", raw.clock_resolution, run.sandbox.clock_resolution,
                         parse_resolution)) {
    return error;
  }
  if (raw.random_seed && raw.random_seed->empty()) return own_error("--random-seed: it is empty");
  run.sandbox.random_seed = raw.random_seed.value_or("");
  if (raw.workdir && !raw.workdir->starts_with('/')) {
    return own_error("--workdir: '" + printable(*raw.workdir) + "' is not an absolute path");
  }
  run.sandbox.workdir = raw.workdir.value_or("");
  run.sandbox.user = raw.user.value_or(run.sandbox.user);
  run.sandbox.hostname = raw.hostname.value_or(run.sandbox.hostname);
  if (raw.quiet && raw.verbose) return own_error("--quiet and --verbose exclude each other");
  run.verbosity = raw.quiet     ? Verbosity::kQuiet
                  : raw.verbose ? Verbosity::kVerbose
                                : Verbosity::kNormal;
  run.pack = raw.pack.value_or("");
  if (raw.name && !is_sandbox_name(*raw.name)) {
    return own_error("--name: '" + printable(*raw.name) +
                     "' cannot name a sandbox: at most 64 letters, digits, '-', '_' and '.', a "
                     "letter or digit first");
  }
  if (raw.name && raw.unpublished) return own_error("--name and --no-publish exclude each other");
  run.name = raw.name.value_or("");
  run.publish = !raw.unpublished;
  return std::nullopt;
}

// What PROGRAM and its arguments are, given what stood before them.
Arguments finish_run(const RawOptions& raw, const Argv& program) {
  RunArguments run;
  if (auto error = apply_sandbox(raw, run)) return *error;
  run.terminal = raw.terminal;
  run.json = raw.json;
  if (run.json && run.terminal) {
    return own_error("--json captures the output, so it does not go with -t");
  }
  if (raw.script && raw.module) return own_error("-c and --module exclude each other");
  if (raw.script) {
    run.argv = {"bash", "-c", *raw.script};
  } else if (raw.module) {
    run.module_path = *raw.module;
    run.argv = {*raw.module};
  } else if (program.empty()) {
    return own_error(
        "run: PROGRAM is missing (or -c SCRIPT, or --module FILE.wasm); see cloche run --help");
  }
  run.argv.insert(run.argv.end(), program.begin(), program.end());
  if (run.argv[0].empty()) return own_error("run: PROGRAM is empty");
  return run;
}

Language language_of_file(const std::string& file) {
  const bool js = file.ends_with(".js") || file.ends_with(".mjs") || file.ends_with(".cjs");
  return js ? Language::kJavaScript : Language::kPython;
}

Arguments finish_code(const RawCode& raw) {
  CodeArguments code;
  if (auto error = apply_sandbox(raw.sandbox, code.run)) return *error;
  code.run.json = raw.json;
  if (!raw.codes.empty() && !raw.files.empty()) return own_error("-c and FILE exclude each other");
  const bool cells = !raw.codes.empty() || !raw.files.empty();
  if (raw.requests && (cells || raw.language || raw.cell_timeout)) {
    return own_error("--requests takes language, code and time-outs from the requests only");
  }
  if (raw.requests) return code;
  std::optional<Language> language;
  if (raw.language) {
    language = language_of(*raw.language);
    if (!language) {
      return own_error("--language: '" + printable(*raw.language) + "' is neither python nor js");
    }
  }
  if (auto error = apply("cell-timeout", raw.cell_timeout, code.cell_timeout, parse_duration)) {
    return *error;
  }
  if (code.cell_timeout && code.cell_timeout->count() == 0) code.cell_timeout.reset();
  for (const std::string& text : raw.codes) {
    code.cells.push_back({language.value_or(Language::kPython), text, ""});
  }
  for (const std::string& file : raw.files) {
    code.cells.push_back({language.value_or(language_of_file(file)), "", file});
  }
  if (code.cells.empty()) code.cells.push_back({language.value_or(Language::kPython), "", "-"});
  return code;
}

Arguments finish_shell(const RawOptions& raw) {
  RunArguments run;
  // A person at a keyboard has no deadline unless they ask for one.
  run.sandbox.limits.timeout = run.sandbox.limits.cpu_time = std::chrono::nanoseconds(0);
  if (auto error = apply_sandbox(raw, run)) return *error;
  run.terminal = true;
  run.argv = {"bash"};
  return run;
}

bool takes_value(const CLI::App& app, const std::string& name) {
  const CLI::Option* const option = app.get_option_no_throw(name);
  return option != nullptr && option->get_expected_max() > 0;
}

// Does the option in `word` take the word after it as its value? "-ive X", "--env X", not
// "--env=X".
bool takes_next_word(const CLI::App& app, const std::string& word) {
  if (word.starts_with("--")) {
    return word.find('=') == std::string::npos && takes_value(app, word);
  }
  for (size_t i = 1; i < word.size(); ++i) {
    if (takes_value(app, std::string("-") + word[i])) return i + 1 == word.size();
  }
  return false;
}

// Cuts `words` where PROGRAM begins: after "--", or at the first word that is neither an option nor
// the value of one. What is left in `words` are the options.
Argv split_program(const CLI::App& app, Argv& words) {
  size_t at = 0;
  while (at < words.size() && words[at] != "--" && words[at].size() > 1 && words[at][0] == '-') {
    at += takes_next_word(app, words[at]) ? 2 : 1;
  }
  at = std::min(at, words.size());
  const size_t program = at < words.size() && words[at] == "--" ? at + 1 : at;
  Argv rest(words.begin() + static_cast<ptrdiff_t>(program), words.end());
  words.resize(at);
  return rest;
}

constexpr const char* kExitCodes =
    "Exit codes of run, code and shell: the program's; 128+n: ended by signal n; 124: wall "
    "time-out;\n"
    "137: another limit; 125: Cloche's own error; 126: found but not runnable; 127: not found.";

constexpr const char* kControlExitCodes =
    "Exit codes: 0; 1: no such sandbox or process; 125: another error. See docs/task-manager.md.";

class Parser {
 public:
  Parser()
      : app_("Runs untrusted code as WebAssembly processes in a closed Unix world.", "cloche") {
    app_.formatter(std::make_shared<CommandFormatter>());
    app_.require_subcommand(1);
    app_.set_version_flag("--version", std::string(), "the same as the command version");
    add_commands();
    for (CLI::App* app : {&app_, run_, code_, shell_}) app->footer(kExitCodes);
  }

  Arguments parse(Argv words) {
    if (words.empty()) return own_error("a command is missing; see cloche --help");
    // Starting a program does not wait for what it does not need.
    if (words[0][0] == '-' || is_control_command(words[0])) add_control_commands();
    if (words[0][0] != '-' && !is_command(words[0])) {
      return own_error("there is no command '" + printable(words[0]) + "'; see cloche --help");
    }
    add_options(words[0]);
    if (words[0] == "check") {
      if (auto error = take_call(words)) return *error;
    }
    // The last word may be a negative number, which is no option.
    if (words[0] == "renice" && words.size() == 4) words.insert(words.begin() + 1, "--");
    Argv program;
    if (words[0] == "run") {
      words.erase(words.begin());
      program = split_program(*run_, words);
      words.insert(words.begin(), "run");
    }
    try {
      app_.parse(Argv(words.rbegin(), words.rend()));
    } catch (const CLI::CallForHelp&) {
      return Finished{0, help_text()};
    } catch (const CLI::CallForVersion&) {
      return VersionArguments{};
    } catch (const CLI::ParseError& error) {
      return own_error(first_line(error.what()) + "; see " + command_name() + " --help");
    }
    return finish(program);
  }

 private:
  void add_commands() {
    run_ = app_.add_subcommand("run", "one program in a fresh sandbox");
    code_ = app_.add_subcommand("code", "Python or JavaScript whose variables live on");
    shell_ = app_.add_subcommand("shell", "an interactive bash on a terminal of its own");
    programs_ = app_.add_subcommand("programs", "the programs of the guest pack");
    warm_ = app_.add_subcommand("warm", "compile guest programs ahead");
    doctor_ = app_.add_subcommand("doctor", "can this machine run Cloche");
    check_ = app_.add_subcommand("check", "what a policy grants, or where it is wrong");
    audit_ = app_.add_subcommand("audit", "is an audit log whole");
    audit_verify_ = audit_->add_subcommand("verify", "find lines that were cut, changed or moved");
    audit_->require_subcommand(1);
    version_ = app_.add_subcommand("version", "versions of Cloche and its engine");
  }

  void add_control_commands() {
    for (const ControlCommandName& command : control_commands()) {
      control_apps_.push_back(app_.add_subcommand(command.name, command.help));
      control_apps_.back()->group("Running sandboxes")->footer(kControlExitCodes);
    }
  }

  static bool is_control_command(const std::string& name) {
    const auto& all = control_commands();
    return std::any_of(all.begin(), all.end(),
                       [&name](const ControlCommandName& row) { return name == row.name; });
  }

  // Takes `--call TOOL JSON` out of the words: CLI11 would take JSON's brackets for its own.
  std::optional<Finished> take_call(Argv& words) {
    const auto at = std::find(words.begin(), words.end(), "--call");
    if (at == words.end()) return std::nullopt;
    if (words.end() - at < 3) return own_error("--call takes the name of a tool and JSON");
    raw_check_.call = {at[1], at[2]};
    words.erase(at, at + 3);
    return std::nullopt;
  }

  // Only those of the command that was given: making all of them takes longer than parsing.
  void add_options(const std::string& command) {
    if (command == "run") {
      add_sandbox_options(*run_, raw_);
      add_run_options(*run_, raw_);
    } else if (command == "shell") {
      add_sandbox_options(*shell_, shell_raw_);
    } else if (command == "code") {
      add_sandbox_options(*code_, raw_code_.sandbox);
      add_code_options(*code_, raw_code_);
    } else if (command == "programs") {
      programs_->add_flag("--json", raw_programs_.json, "as the pack's manifest");
      add_text(*programs_, "--pack", pack_, "the pack", "FILE");
    } else if (command == "warm") {
      warm_->add_option("PROGRAM", raw_warm_.programs, "names as in 'cloche programs' (all)");
      warm_->add_flag("-q,--quiet", raw_warm_.quiet, "no progress");
      add_text(*warm_, "--pack", pack_, "the pack", "FILE");
    } else if (command == "check") {
      check_->add_option("POLICY", raw_check_.file, "the policy")->required();
      check_->add_flag("--json", raw_check_.json, "for a program");
      check_->add_option("--call", raw_check_.call, "would this call be allowed?")
          ->expected(2)
          ->type_name("TOOL JSON");
    } else if (command == "audit") {
      audit_verify_->add_option("FILE", raw_audit_.file, "the log; files set aside are found by it")
          ->required();
      audit_verify_->add_option("--head", raw_audit_.head, "what the hash of the last line must be")
          ->type_name("HASH");
      audit_verify_->add_flag("--open", raw_audit_.may_be_open,
                              "a log that was not closed, being written still, is whole, too");
    } else if (command == "doctor") {
      add_text(*doctor_, "--pack", pack_, "the pack", "FILE");
    }
    for (CLI::App* const app : control_apps_) {
      if (app->get_name() == command) control_ = add_control_options(command, *app);
    }
  }

  Arguments finish_control() const {
    return std::visit(
        [](auto&& arguments) -> Arguments {
          if constexpr (std::is_same_v<std::decay_t<decltype(arguments)>, Failure>) {
            return own_error(arguments.message);
          } else {
            return arguments;
          }
        },
        control_->finish());
  }

  Arguments finish(const Argv& program) {
    if (control_ != nullptr) return finish_control();
    if (run_->parsed()) return finish_run(raw_, program);
    if (code_->parsed()) return finish_code(raw_code_);
    if (shell_->parsed()) return finish_shell(shell_raw_);
    raw_programs_.pack = raw_warm_.pack = pack_.value_or("");
    if (programs_->parsed()) return raw_programs_;
    if (warm_->parsed()) return raw_warm_;
    if (doctor_->parsed()) return DoctorArguments{pack_.value_or("")};
    if (audit_->parsed()) return raw_audit_;
    if (version_->parsed()) return VersionArguments{};
    return raw_check_;
  }

  bool is_command(const std::string& name) const {
    const std::vector<const CLI::App*> commands = app_.get_subcommands({});
    return std::any_of(commands.begin(), commands.end(),
                       [&name](const CLI::App* sub) { return sub->get_name() == name; });
  }

  std::string command_name() const {
    for (const CLI::App* sub : app_.get_subcommands({})) {
      if (sub->parsed()) return "cloche " + sub->get_name();
    }
    return "cloche";
  }

  std::string help_text() {
    for (CLI::App* sub : app_.get_subcommands({})) {
      if (sub->parsed()) return sub->help();
    }
    return app_.help();
  }

  static std::string first_line(const std::string& text) {
    return printable(text.substr(0, text.find('\n')));
  }

  CLI::App app_;
  RawOptions raw_, shell_raw_;
  RawCode raw_code_;
  ProgramsArguments raw_programs_;
  WarmArguments raw_warm_;
  AuditArguments raw_audit_;
  CheckArguments raw_check_;
  std::vector<CLI::App*> control_apps_;     // of control_commands()
  std::unique_ptr<ControlParser> control_;  // of the one that was given
  Text pack_;                               // of programs, warm and doctor
  CLI::App *run_ = nullptr, *code_ = nullptr, *shell_ = nullptr, *programs_ = nullptr,
           *warm_ = nullptr, *doctor_ = nullptr, *check_ = nullptr, *audit_ = nullptr,
           *audit_verify_ = nullptr, *version_ = nullptr;
};

}  // namespace

Arguments parse_arguments(const Argv& argv) { return Parser().parse(argv); }

}  // namespace cloche::cli
