// What the options of a sandbox say to the kernel and to its programs.
#pragma once

#include <string>
#include <vector>

#include "include/cloche/cloche.hpp"
#include "kernel/kernel.h"
#include "session/limits.h"

namespace cloche::session {

// What is wrong with host name, variables or working folder; empty: nothing.
std::string check_options(const SandboxOptions& options);

// PATH, HOME, USER, LANG, TERM and the options' own, as "NAME=VALUE".
std::vector<std::string> environment_of(const SandboxOptions& options, const std::string& home);

kernel::KernelLimits kernel_limits(const EffectiveLimits& limits);

// The result of a program that could not be started; `why`: what the kernel logged last; `limit`:
// the one that it was refused for, or null.
RunResult not_started(abi::Errno error, const std::string& program, const std::string& why,
                      const char* limit);

bool has_nul(const std::vector<std::string>& strings);

}  // namespace cloche::session
