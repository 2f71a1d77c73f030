// One run of one program, from its start to its result.
#pragma once

#include "include/cloche/cloche.hpp"
#include "session/sandbox_state.h"

namespace cloche::session {

// As Sandbox::run().
Expected<RunResult> run_program(Sandbox::State& sandbox, RunOptions options);

// As Sandbox::run_code().
Expected<CodeResult> run_cell(Sandbox::State& sandbox, CodeOptions options);

// From now on the sandbox shares the host's workers, by its limits. Between two turns of the guest.
// Errors: kResourceExhausted (no threads left), kInvalidArgument (a CPU that there is not).
std::optional<Failure> join_workers(Sandbox::State& sandbox);

}  // namespace cloche::session
