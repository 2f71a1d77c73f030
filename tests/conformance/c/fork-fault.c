// Faults: null pointer writes are not defined in every world, but traps end the process alone.
#include "case.h"
int main(void) {
  for (int i = 0; i < 3; i++) {
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
      if (i == 0) __builtin_trap();
      if (i == 1) {
        volatile char* far = (volatile char*)(uintptr_t)0xfffffff0u;
        *far = 1;
      }
      if (i == 2) {
        struct rec {
          char pad[4096];
        };
        abort();
      }
      _exit(0);
    }
    int status;
    MUST(waitpid(child, &status, 0));
    say("%d: %s", i, WIFSIGNALED(status) ? "killed" : "lived");
  }
  say("parent is well");
  return 0;
}
