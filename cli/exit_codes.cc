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

}  // namespace cloche::cli
