// Ctrl-C and its relatives, on their way to the guest.
#pragma once

#include "include/cloche/cloche.hpp"

namespace cloche::cli {

// While it lives: SIGINT, SIGTERM, SIGHUP and SIGQUIT go to the sandbox's foreground programs. A
// second SIGINT or SIGTERM ends the run, whatever the guest makes of them. SIGWINCH passes the new
// size of the terminal `window_fd` on (-1: none). At most one exists at a time.
class Interrupts {
 public:
  Interrupts(Sandbox& sandbox, int window_fd);
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  int last_signal() const;  // 0: none came
};

}  // namespace cloche::cli
