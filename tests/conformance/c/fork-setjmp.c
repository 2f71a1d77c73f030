// longjmp through frames that were made before fork, in both processes.
#include <setjmp.h>

#include "case.h"
static jmp_buf top, mid;
static pid_t child;
static void deep(int n) {
  volatile char pad[64];
  pad[0] = (char)n;
  if (n > 0) {
    deep(n - 1);
    pad[1] = pad[0];
    return;
  }
  child = (pid_t)MUST(fork());
  longjmp(child == 0 ? mid : top, child == 0 ? 7 : 9);
}
int main(void) {
  volatile int kept = 5;
  int r = setjmp(top);
  if (r == 0) {
    int m = setjmp(mid);
    if (m == 0) {
      kept = 6;
      deep(50);
      say("never");
    }
    say("child came by mid: %d, kept %d", m, kept);
    longjmp(top, 11);
  }
  if (child == 0) {
    say("child at top: %d", r);
    _exit(r);
  }
  reap("child", child);
  say("parent at top: %d, kept %d", r, kept);
  for (int i = 0; i < 5; i++) {
    jmp_buf here;
    int v = setjmp(here);
    if (v == 0) {
      pid_t c = fork();
      if (c == 0) longjmp(here, i + 1);
      reap("again", c);
      continue;
    }
    _exit(v * 10);
  }
  return 0;
}
