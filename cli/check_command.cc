// check: what a policy grants, or where it is wrong.
#include <cstdio>

#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/read_file.h"

namespace cloche::cli {
namespace {

constexpr int kExitWrong = 2;    // the policy has mistakes
constexpr int kExitDenied = 77;  // the call would be denied

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

}  // namespace

int check_command(const CheckArguments& arguments) {
  const auto bytes = read_file(arguments.file, kMaxPolicyBytes);
  if (!bytes) return complain(bytes.error().message);
  const std::string text(bytes->begin(), bytes->end());
  PolicyReport report = check_policy(text, arguments.file);
  int status = report.good ? 0 : kExitWrong;
  if (report.good && !arguments.call.empty()) {
    report = check_policy_call(text, arguments.file, arguments.call[0], arguments.call[1]);
    status = report.good ? 0 : kExitDenied;
  }
  if (arguments.json) return print(report.json + "\n") ? status : kExitOwnError;
  if (status == kExitWrong) {
    fputs(joined(report.lines).c_str(), stderr);
    return status;
  }
  return print(joined(report.lines)) ? status : kExitOwnError;
}

}  // namespace cloche::cli
