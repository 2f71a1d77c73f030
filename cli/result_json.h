// The result object of `cloche run --json`.
#pragma once

#include <string>

#include "include/cloche/cloche.hpp"

namespace cloche::cli {

// One line of JSON. Output that is not valid UTF-8 is given in base64, as the field beside it says.
std::string result_json(const RunResult& result);

// The same object for a run that could not begin.
std::string failure_json(const Failure& failure);

// RFC 4648, with padding.
std::string base64(const std::string& bytes);

}  // namespace cloche::cli
