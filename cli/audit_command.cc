// audit verify: is a log whole.
#include "cli/commands.h"
#include "cli/exit_codes.h"

namespace cloche::cli {
namespace {

// Why the log is not good; empty when it is.
std::string fault_of(const AuditVerdict& verdict, const AuditArguments& arguments) {
  if (!verdict.whole) return verdict.problem;
  if (!arguments.head.empty() && arguments.head != verdict.head) {
    return "the hash of the last line is " + verdict.head + ", not " + printable(arguments.head);
  }
  if (!verdict.ended && !arguments.may_be_open) {
    return "it was not closed: it is being written, its writer died, or lines are missing at its "
           "end "
           "(--open takes it as it is)";
  }
  return "";
}

}  // namespace

int audit_command(const AuditArguments& arguments) {
  const auto verdict = verify_audit(arguments.file);
  if (!verdict) return complain(verdict.error().message);
  if (const std::string fault = fault_of(*verdict, arguments); !fault.empty()) {
    complain(printable(arguments.file) + " is not whole: " + fault);
    return 1;
  }
  const std::string text = "whole: lines " + std::to_string(verdict->first) + " to " +
                           std::to_string(verdict->last) + ", the last with hash " + verdict->head +
                           "\n";
  return print(text) ? 0 : kExitOwnError;
}

}  // namespace cloche::cli
