// sigsuspend swaps the mask, returns EINTR after the handler, and puts the mask back.
#include "case.h"
static volatile sig_atomic_t got;
static void on(int signo) { got = signo; }
int main(void) {
  sigset_t block, wait_mask, now;
  catch_signal(SIGUSR1, on, SA_RESTART);
  sigemptyset(&block);
  sigaddset(&block, SIGUSR1);
  sigprocmask(SIG_BLOCK, &block, NULL);
  pid_t parent = getpid();
  pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 3; i++) kill(parent, SIGUSR1);
    _exit(0);
  }
  reap("child", child);
  say("got %s before", signal_name(got));
  sigemptyset(&wait_mask);
  show("sigsuspend", sigsuspend(&wait_mask));
  say("got %s after", signal_name(got));
  sigprocmask(SIG_SETMASK, NULL, &now);
  say("USR1 blocked again %d", sigismember(&now, SIGUSR1));
  raise(SIGUSR1);
  got = 0;
  show("pending at once", sigsuspend(&wait_mask));
  say("got %s", signal_name(got));
  return 0;
}
