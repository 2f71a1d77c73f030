#include "cli/exit_codes.h"

namespace cloche::cli {

int exit_code_of(const RunResult& result, int last_signal) {
  switch (result.outcome) {
    case Outcome::kExited:
      return result.exit_code;
    case Outcome::kSignaled:
      return kExitSignalBase + result.signal;
    case Outcome::kTimeout:
      return kExitTimeout;
    case Outcome::kLimit:
      return kExitLimit;
    case Outcome::kCancelled:
      return last_signal > 0 ? kExitSignalBase + last_signal : kExitLimit;
    case Outcome::kError:
      if (result.error_type == "not_found") return kExitNotFound;
      if (result.error_type == "not_executable") return kExitNotRunnable;
      return kExitOwnError;
    case Outcome::kDenied:
      return kExitOwnError;
  }
  return kExitOwnError;
}

std::string explanation(const RunResult& result, const std::string& program) {
  switch (result.outcome) {
    case Outcome::kTimeout:
      return "ended at the wall-clock limit (--timeout)";
    case Outcome::kLimit:
      return "ended at the limit " + result.limit;
    case Outcome::kCancelled:
      return "ended on request";
    case Outcome::kError:
    case Outcome::kDenied:
      return result.error_message;
    case Outcome::kSignaled:
      if (result.error_message.empty()) return "";
      return printable(program) + ": ended by " + signal_name(result.signal) + ": " +
             result.error_message;
    case Outcome::kExited:
      return result.stdout_truncated || result.stderr_truncated
                 ? "the limit output.max was reached: output beyond it is lost"
                 : "";
  }
  return "";
}

}  // namespace cloche::cli
