// What the command's exit codes mean; a program's own codes pass through.
#pragma once

#include "include/cloche/cloche.hpp"

namespace cloche::cli {

inline constexpr int kExitNotThere = 1;  // no such sandbox, or process in it, runs
inline constexpr int kExitTimeout = 124;
inline constexpr int kExitOwnError = 125;
inline constexpr int kExitNotRunnable = 126;
inline constexpr int kExitNotFound = 127;
inline constexpr int kExitLimit = 137;
inline constexpr int kExitSignalBase = 128;

// `last_signal`: what the user sent last, for a run that was cancelled.
int exit_code_of(const RunResult& result, int last_signal);

// Why it ended as it did, for a person; empty: its exit code says it. `program` is what ran.
std::string explanation(const RunResult& result, const std::string& program);

}  // namespace cloche::cli
