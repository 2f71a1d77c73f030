// Jumping out of a handler restores the mask with sigsetjmp(…, 1) and leaves it with 0.
#include <setjmp.h>

#include "case.h"
static sigjmp_buf place;
static void on(int signo) { siglongjmp(place, signo); }
static int blocked(void) {
  sigset_t set;
  sigprocmask(SIG_SETMASK, NULL, &set);
  return sigismember(&set, SIGUSR1);
}
int main(void) {
  catch_signal(SIGUSR1, on, 0);
  volatile int rounds = 0;
  for (int save = 1; save >= 0; save--) {
    int r = sigsetjmp(place, save);
    if (r == 0) {
      raise(SIGUSR1);
      say("never");
    }
    say("save %d: back with %s, blocked %d", save, signal_name(r), blocked());
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  int r = sigsetjmp(place, 1);
  if (++rounds < 200) {
    if (r == 0 || rounds < 200) raise(SIGUSR1);
  }
  say("rounds %d, blocked %d", rounds, blocked());
  catch_signal(SIGALRM, on, 0);
  if (sigsetjmp(place, 1) == 0) {
    struct itimerval timer = {{0, 0}, {0, 20000}};
    setitimer(ITIMER_REAL, &timer, NULL);
    for (volatile unsigned spin = 0;; spin++) {
    }
  }
  say("left an endless loop");
  return 0;
}
