// Uncaught exceptions, noexcept violations, pure terminate.
#include <exception>
#include <stdexcept>

#include "case.h"
static void quiet() {
  say("terminate handler");
  _exit(33);
}
static void never_throws() noexcept { throw 1; }
int main() {
  for (int i = 0; i < 3; i++) {
    pid_t child = fork();
    if (child == 0) {
      std::set_terminate(quiet);
      if (i == 0) throw std::runtime_error("x");
      if (i == 1) never_throws();
      std::terminate();
    }
    reap("child", child);
  }
  return 0;
}
