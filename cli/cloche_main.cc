// The command `cloche`.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/commands.h"

namespace cloche::cli {
namespace {

// A caller may have closed 0, 1 or 2. Then the next file that is opened would become a standard
// stream; /dev/null, the wrong way round so that using it fails, takes the place instead.
void fill_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

int finish(const Finished& finished) {
  if (finished.exit_code == 0) return print(finished.text) ? 0 : 125;
  fputs(finished.text.c_str(), stderr);
  return finished.exit_code;
}

struct Dispatch {
  int operator()(const Finished& finished) const { return finish(finished); }
  int operator()(const RunArguments& arguments) const { return run_command(arguments); }
  int operator()(const CodeArguments& arguments) const { return code_command(arguments); }
  int operator()(const ProgramsArguments& arguments) const { return programs_command(arguments); }
  int operator()(const WarmArguments& arguments) const { return warm_command(arguments); }
  int operator()(const DoctorArguments& arguments) const { return doctor_command(arguments); }
  int operator()(const CheckArguments& arguments) const { return check_command(arguments); }
  int operator()(const AuditArguments& arguments) const { return audit_command(arguments); }
  int operator()(const VersionArguments&) const { return version_command(); }
  int operator()(const PsArguments& arguments) const { return ps_command(arguments); }
  int operator()(const StatsArguments& arguments) const { return stats_command(arguments); }
  int operator()(const TellArguments& arguments) const { return tell_command(arguments); }
  int operator()(const MetricsArguments& arguments) const { return metrics_command(arguments); }
  int operator()(const TopArguments& arguments) const { return top_command(arguments); }
};

}  // namespace
}  // namespace cloche::cli

int main(int argc, char** argv) {
  using namespace cloche::cli;  // NOLINT
  fill_standard_descriptors();
  signal(SIGPIPE, SIG_IGN);  // NOLINT: a closed stdout is an error to handle, not a death
  return std::visit(Dispatch{},
                    parse_arguments(std::vector<std::string>(argv + (argc > 0), argv + argc)));
}
