// The start of a run's program: at once, or as soon as it is compiled.
#pragma once

#include <optional>
#include <string>

#include "include/cloche/cloche.hpp"
#include "kernel/kernel.h"
#include "session/run_watch.h"

namespace cloche::session {

class ProgramStart {
 public:
  // What is referred to outlives this. `log_line`: the kernel's last one, which may say why a
  // program cannot be started.
  ProgramStart(kernel::Kernel& kernel, RunWatch& watch, kernel::StartOptions options,
               const std::string& log_line);

  // Starts the program if nothing is in the way of that any more; tells the watch. To be called at
  // each turn: the time to compile a program of the pack, which is the host's own, is none of the
  // run's.
  void go_on();
  // It is not started yet: it is being compiled, or waits for another one that is.
  bool pending() const { return options_.has_value(); }
  // Whether go_on() has something to do.
  bool may_go_on() const { return pending() && kernel_.may_start(); }
  // Once it is no longer pending; 0: it could not be started.
  int32_t pid() const { return pid_; }
  // A signal from outside while it is pending: true if that ends it, as it would end a program.
  static bool is_fatal(int32_t signo);

  // How it ended if it could not be started, or nothing yet.
  const std::optional<RunResult>& failure() const { return failure_; }
  // Errno of that, if it was the host's fault and none of the program's: EAGAIN.
  std::optional<abi::Errno> no_room() const { return no_room_; }

 private:
  kernel::Kernel& kernel_;
  RunWatch& watch_;
  const std::string& log_line_;
  std::optional<kernel::StartOptions> options_;
  int32_t pid_ = 0;
  std::optional<RunResult> failure_;
  std::optional<abi::Errno> no_room_;
};

}  // namespace cloche::session
