// What a server controls: a running sandbox, or a stand-in in tests.
#pragma once

#include "cli/control/wire.h"

namespace cloche::cli {

// Thread class: its functions are called from the server's thread.
class ControlTarget {
 public:
  virtual ~ControlTarget() = default;
  virtual SandboxStats stats() = 0;
  virtual std::vector<LimitValue> limits() = 0;
  virtual std::optional<Failure> set_limit(const std::string& name, const std::string& value) = 0;
  virtual void pause() = 0;
  virtual void resume() = 0;
  virtual void kill() = 0;
  virtual void signal(int signo) = 0;
  virtual std::optional<Failure> signal_process(int pid, int signo) = 0;
  virtual std::optional<Failure> set_nice(int pid, int nice) = 0;
};

// Does what a request asks for. Of several limits all are set, or none as far as those before the
// wrong one can be set back.
struct Identity {
  std::string name, command;
  int pid = 0;
  std::chrono::steady_clock::time_point since = {};
};
Reply answer(const Request& request, ControlTarget& target, const Identity& identity);

}  // namespace cloche::cli
