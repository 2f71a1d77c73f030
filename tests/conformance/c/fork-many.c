// Many children alive at once, reaped in the order asked for.
#include "case.h"
int main(void) {
  enum { kMany = 60 };
  int p[2];
  pid_t pid[kMany];
  MUST(pipe(p));
  for (int i = 0; i < kMany; i++) {
    pid[i] = (pid_t)MUST(fork());
    if (pid[i] == 0) {
      close(p[1]);
      char byte;
      read(p[0], &byte, 1);  // end of file when the parent lets go
      _exit(i);
    }
  }
  show("none has ended", waitpid(-1, NULL, WNOHANG));
  close(p[1]);
  int wrong = 0;
  for (int i = kMany - 1; i >= 0; i--) {
    int status = 0;
    if (waitpid(pid[i], &status, 0) != pid[i] || WEXITSTATUS(status) != i) wrong++;
  }
  say("wrong: %d", wrong);
  show("then", waitpid(-1, NULL, WNOHANG));
  return 0;
}
