// The commands behind the command line. Each returns the exit code.
#pragma once

#include "cli/arguments.h"

namespace cloche::cli {

int run_command(const RunArguments& arguments);
int code_command(const CodeArguments& arguments);
int programs_command(const ProgramsArguments& arguments);
int warm_command(const WarmArguments& arguments);
int doctor_command(const DoctorArguments& arguments);
int check_command(const CheckArguments& arguments);
int audit_command(const AuditArguments& arguments);
int version_command();
int ps_command(const PsArguments& arguments);
int stats_command(const StatsArguments& arguments);
int tell_command(const TellArguments& arguments);
int metrics_command(const MetricsArguments& arguments);
int top_command(const TopArguments& arguments);

// Makes the command as nice as --nice says.
void be_nice(const RunArguments& arguments);

// "cloche: MESSAGE" on stderr; gives kExitOwnError.
int complain(const std::string& message);

// Ends the command without taking sandbox and engine apart: the operating system takes all of it
// back in one go, and nothing of a run is pending once it has its result.
[[noreturn]] void leave(int exit_code);

// Writes to stdout; false, with a message on stderr, when that is closed or full.
bool print(const std::string& text);

}  // namespace cloche::cli
