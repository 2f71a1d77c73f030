// A tool that is a command of the host: parameters as JSON on its standard input, the result as
// JSON on its standard output.
#pragma once

#include <memory>
#include <string>

#include "tools/handler.h"

namespace cloche::tools {

struct CommandOptions {
  std::string command;                         // for /bin/sh -c
  uint64_t output_bytes = uint64_t{16} << 20;  // of its standard output; more ends it
  uint64_t error_bytes = uint64_t{64} << 10;   // of its standard error that are kept for the log
};

// The command runs with this process's environment and working folder, in a process group of its
// own, which is killed at the call's deadline and when nobody waits any more. Exit status 0: its
// output is the result. Otherwise the call failed, and what it wrote on standard error goes to the
// audit log, not to the guest.
std::shared_ptr<Handler> make_command_handler(CommandOptions options);

}  // namespace cloche::tools
