// Uncaught exceptions in the main thread and another one, noexcept violations, pure terminate.
#include <exception>
#include <stdexcept>
#include <thread>

#include "case.h"
static void quiet() {
  say("terminate handler");
  _exit(33);
}
static void never_throws() noexcept { throw 1; }
int main() {
  for (int i = 0; i < 4; i++) {
    pid_t child = fork();
    if (child == 0) {
      std::set_terminate(quiet);
      if (i == 0) throw std::runtime_error("x");
      if (i == 1) never_throws();
      if (i == 2) std::thread([] { throw 2; }).join();
      std::terminate();
    }
    reap("child", child);
  }
  return 0;
}
