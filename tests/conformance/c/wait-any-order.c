// Children end in an order that pipes decide; wait(-1) reports them in that order.
#include "case.h"
int main(void) {
  enum { kKids = 10 };
  int gate[kKids][2];
  pid_t pid[kKids];
  for (int i = 0; i < kKids; i++) {
    MUST(pipe(gate[i]));
    pid[i] = fork();
    if (pid[i] == 0) {
      await_turn(gate[i][0]);
      _exit(i);
    }
  }
  for (int k = 0; k < kKids; k++) {
    int i = (k * 7 + 3) % kKids, status;
    give_turn(gate[i][1]);
    pid_t got = wait(&status);
    say("%d: status %d, %s", i, WEXITSTATUS(status), got == pid[i] ? "right pid" : "wrong pid");
  }
  return 0;
}
