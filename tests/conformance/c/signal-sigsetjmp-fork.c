// A handler that forks, and jumps out in the child only.
#include <setjmp.h>

#include "case.h"
static sigjmp_buf place;
static volatile pid_t child;
static void on(int signo) {
  child = fork();
  if (child == 0) siglongjmp(place, 5);
}
int main(void) {
  catch_signal(SIGUSR1, on, 0);
  int r = sigsetjmp(place, 1);
  if (r) {
    say("child jumped: %d", r);
    _exit(r);
  }
  raise(SIGUSR1);
  reap("child of the handler", child);
  raise(SIGUSR1);
  reap("once more", child);
  return 0;
}
