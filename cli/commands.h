// The commands behind the command line. Each returns the exit code.
#pragma once

#include "cli/arguments.h"

namespace cloche::cli {

int run_command(const RunArguments& arguments);
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

// "cloche: MESSAGE" on stderr; gives kExitOwnError.
int complain(const std::string& message);

// Writes to stdout; false, with a message on stderr, when that is closed or full.
bool print(const std::string& text);

}  // namespace cloche::cli
