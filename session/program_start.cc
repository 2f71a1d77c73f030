#include "session/program_start.h"

#include "kernel/signal.h"
#include "session/options.h"

namespace cloche::session {

ProgramStart::ProgramStart(kernel::Kernel& kernel, RunWatch& watch, kernel::StartOptions options,
                           const std::string& log_line)
    : kernel_(kernel), watch_(watch), log_line_(log_line), options_(std::move(options)) {
  options_->compile = kernel::StartOptions::Compile::kAside;
}

void ProgramStart::go_on() {
  if (!pending()) return;
  const bool was_host = kernel_.compiles_for_host();
  while (may_go_on()) {  // what the compiler has ended already, nobody tells of
    const auto pid = kernel_.start(*options_);
    if (pid.ok()) {
      pid_ = pid.value();
      watch_.started(pid_);
      options_.reset();
    } else if (pid.error() != abi::Errno::kSUSPEND) {
      if (pid.error() == abi::Errno::kAGAIN) no_room_ = pid.error();
      failure_ = not_started(pid.error(), options_->argv[0], log_line_, kernel_.refused_for());
      options_.reset();
    }
  }
  if (was_host || kernel_.compiles_for_host()) watch_.begin();
}

bool ProgramStart::is_fatal(int32_t signo) {
  return kernel::default_action(signo) == kernel::DefaultAction::kTerminate;
}

}  // namespace cloche::session
