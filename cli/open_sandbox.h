// What a command line says of host and sandbox, made.
#pragma once

#include "cli/arguments.h"
#include "cli/progress.h"

namespace cloche::cli {

// Says its warnings, unless `arguments` ask for quiet. `progress` outlives the host.
Expected<Host> open_host(const RunArguments& arguments, Progress& progress);

// With the policy's file read. Errors: those of the file and of Sandbox::create().
Expected<Sandbox> open_sandbox(const Host& host, const RunArguments& arguments);

}  // namespace cloche::cli
