// An orphan gets a new parent and goes on.
#include "case.h"
int main(void) {
  int p[2], q[2];
  MUST(pipe(p));
  MUST(pipe(q));
  pid_t child = fork();
  if (child == 0) {
    pid_t middle = getpid();
    if (fork() == 0) {
      await_turn(q[0]);
      while (getppid() == middle) sleep_ms(5);
      say("orphan: another parent");
      give_turn(p[1]);
      _exit(0);
    }
    _exit(0);
  }
  reap("middle", child);
  give_turn(q[1]);
  await_turn(p[0]);
  show("not mine to wait for", waitpid(-1, NULL, 0));
  return 0;
}
