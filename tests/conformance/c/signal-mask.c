// Blocking: pending, delivery on unblock, one of many, order, inheritance by fork.
#include "case.h"
static volatile sig_atomic_t count;
static void on(int signo) {
  count++;
  say("got %s", signal_name(signo));
}
int main(void) {
  sigset_t set, pending, old;
  catch_signal(SIGUSR1, on, 0);
  catch_signal(SIGUSR2, on, 0);
  catch_signal(SIGHUP, on, 0);
  sigfillset(&set);
  show("block all", sigprocmask(SIG_BLOCK, &set, &old));
  sigprocmask(SIG_SETMASK, NULL, &set);
  say("KILL %d STOP %d", sigismember(&set, SIGKILL), sigismember(&set, SIGSTOP));
  for (int i = 0; i < 5; i++) raise(SIGUSR1);
  kill(getpid(), SIGUSR2);
  raise(SIGHUP);
  sigpending(&pending);
  say("pending USR1 %d USR2 %d HUP %d TERM %d", sigismember(&pending, SIGUSR1),
      sigismember(&pending, SIGUSR2), sigismember(&pending, SIGHUP),
      sigismember(&pending, SIGTERM));
  pid_t child = fork();
  if (child == 0) {
    sigpending(&pending);
    say("child pending USR1 %d", sigismember(&pending, SIGUSR1));
    sigprocmask(SIG_SETMASK, NULL, &set);
    say("child blocked USR1 %d", sigismember(&set, SIGUSR1));
    _exit(0);
  }
  reap("child", child);
  say("count %d", count);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  say("count %d", count);
  signal(SIGHUP, SIG_IGN);
  sigprocmask(SIG_SETMASK, &old, NULL);
  say("count %d", count);
  show("bad how", sigprocmask(77, &set, NULL));
  return 0;
}
