// From the errors of the folders below to those that callers see.
#pragma once

#include <string>

#include "abi/errno.h"
#include "base/result.h"
#include "include/cloche/cloche.hpp"

namespace cloche::session {

Failure failure_of(const Error& error);
Failure invalid(std::string message);
// "<what>: No such file or directory"
Failure failure_of(abi::Errno error, const std::string& what);
std::string describe(abi::Errno error);  // "No such file or directory"

}  // namespace cloche::session
