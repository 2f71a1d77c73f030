// What runs in a sandbox, from its start to its result.
#pragma once

#include "include/cloche/cloche.hpp"
#include "session/process_state.h"
#include "session/sandbox_state.h"

namespace cloche::session {

// As Sandbox::run().
Expected<RunResult> run_program(Sandbox::State& sandbox, RunOptions options);

// As Sandbox::spawn().
Expected<std::shared_ptr<Process::State>> spawn_program(Sandbox::State& sandbox,
                                                        RunOptions options);

// As Sandbox::run_code().
Expected<CodeResult> run_cell(Sandbox::State& sandbox, CodeOptions options);

// Whether its working folder is there. Between two turns of the guest.
std::optional<Failure> check_workdir(Sandbox::State& sandbox);

// From now on the sandbox shares the host's workers, by its limits. Between two turns of the guest.
// Errors: kResourceExhausted (no threads left), kInvalidArgument (a CPU that there is not).
std::optional<Failure> join_workers(Sandbox::State& sandbox);

}  // namespace cloche::session
