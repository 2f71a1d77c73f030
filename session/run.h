// One run of one program, from its start to its result.
#pragma once

#include "include/cloche/cloche.hpp"
#include "session/sandbox_state.h"

namespace cloche::session {

// As Sandbox::run().
Expected<RunResult> run_program(Sandbox::State& sandbox, RunOptions options);

}  // namespace cloche::session
