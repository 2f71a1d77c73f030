// Two processes that never call the system still share the processor; a signal stops a loop.
#include "case.h"
int main(void) {
  pid_t spinner = fork();
  if (spinner == 0)
    for (volatile unsigned i = 0;; i++) {
    }
  volatile unsigned x = 0;
  for (int i = 0; i < 20000000; i++) x += (unsigned)i;
  say("parent got on: %u", x);
  kill(spinner, SIGTERM);
  reap("spinner", spinner);
  pid_t three[3];
  int p[2];
  MUST(pipe(p));
  for (int k = 0; k < 3; k++) {
    three[k] = fork();
    if (three[k] == 0) {
      for (volatile unsigned i = 0; i < 30000000; i++) {
      }
      give_turn(p[1]);
      _exit(k);
    }
  }
  for (int k = 0; k < 3; k++) await_turn(p[0]);
  for (int k = 0; k < 3; k++) reap("worker", three[k]);
  return 0;
}
