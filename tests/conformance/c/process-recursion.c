// Recursion without end kills the process alone, deep but finite recursion works.
#include "case.h"
static int down(int n) {
  volatile char pad[64];
  pad[0] = (char)n;
  return n == 0 ? 0 : down(n - 1) + 1 + (pad[0] - (char)n);
}
static int forever(int n) {
  volatile char pad[256];
  pad[0] = (char)n;
  return forever(n + 1) + pad[0];
}
int main(void) {
  say("deep %d", down(3000));
  pid_t child = fork();
  if (child == 0) _exit(forever(0));
  int status;
  waitpid(child, &status, 0);
  say("endless: %s", WIFSIGNALED(status) ? "killed" : "ended");
  say("parent lives, deep %d", down(3000));
  return 0;
}
