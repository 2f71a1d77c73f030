// `cloche code --requests`: sessions for a program that speaks JSON lines (docs/sessions.md).
#pragma once

#include <string>

#include "include/cloche/cloche.hpp"

namespace cloche::cli {

// One request, read.
struct CodeRequest {
  enum class What : uint8_t { kRun, kInterrupt, kClose, kSessions } what = What::kRun;
  std::string id;       // JSON of it: a string, a number, or null
  CodeOptions options;  // of others than kRun: language and session
};
// Errors: kInvalidArgument. `id` is what the line says, also on errors, as far as it can be read.
Expected<CodeRequest> read_code_request(const std::string& line, std::string& id);

// Answers the lines of `fd` on standard output until it ends and all calls are done. Gives the exit
// code.
int serve_code_requests(Sandbox& sandbox, int fd);

}  // namespace cloche::cli
