// The command line, parsed: what the user asked for, or what to tell them.
//
// Options stand before PROGRAM; what follows belongs to the program.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/control_arguments.h"
#include "include/cloche/cloche.hpp"

namespace cloche::cli {

enum class Verbosity : uint8_t { kQuiet, kNormal, kVerbose };

struct RunArguments {
  SandboxOptions sandbox;
  std::vector<std::string> argv;  // complete, also for -c
  std::string policy_path;        // --policy; empty: none
  std::string module_path;        // of the host; empty: argv[0] is a program of the sandbox
  std::string pack;               // --pack; empty: where find_pack() says
  int nice = 0;                   // --nice, which is in the limits as a weight, too
  std::string name;               // --name: what other commands call it; empty: "run-PID"
  bool publish = true;            // let other commands see it
  bool terminal = false;
  bool json = false;
  Verbosity verbosity = Verbosity::kNormal;
};

// Code in sessions. Without cells: requests of JSON come on standard input.
struct CodeArguments {
  struct Cell {
    Language language = Language::kPython;
    std::string code;
    std::string file;  // of the host, "-": standard input; empty: `code` is the text
  };
  RunArguments run;  // all but what is to run
  std::vector<Cell> cells;
  std::optional<std::chrono::nanoseconds> cell_timeout;
};

struct ProgramsArguments {
  std::string pack;
  bool json = false;
};

struct WarmArguments {
  std::string pack;
  std::vector<std::string> programs;  // empty: all
  bool quiet = false;
};

struct DoctorArguments {
  std::string pack;
};

struct CheckArguments {
  std::string file;
  bool json = false;
  std::vector<std::string> call;  // empty, or a tool and its parameters
};

// audit verify
struct AuditArguments {
  std::string file;
  std::string head;          // what the last line's hash must be; empty: not checked
  bool may_be_open = false;  // a log that was not closed is good, too
};

struct VersionArguments {};

// Nothing to run: print `text` (help to stdout, an error to stderr) and exit.
struct Finished {
  int exit_code = 0;
  std::string text;
};

using Arguments =
    std::variant<Finished, RunArguments, CodeArguments, ProgramsArguments, WarmArguments,
                 DoctorArguments, CheckArguments, AuditArguments, VersionArguments, PsArguments,
                 StatsArguments, TellArguments, MetricsArguments, TopArguments>;

// `argv` without the command's own name.
Arguments parse_arguments(const std::vector<std::string>& argv);

}  // namespace cloche::cli
