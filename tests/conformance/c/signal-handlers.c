// Handlers: run before raise returns, nested, SA_NODEFER, SA_RESETHAND, mask during the handler.
#include "case.h"
static volatile sig_atomic_t depth, ran;
static void plain(int signo) { say("handler %s", signal_name(signo)); }
static void nesting(int signo) {
  sigset_t mask;
  sigprocmask(SIG_SETMASK, NULL, &mask);
  say("in %s: USR1 %d USR2 %d TERM %d", signal_name(signo), sigismember(&mask, SIGUSR1),
      sigismember(&mask, SIGUSR2), sigismember(&mask, SIGTERM));
  if (signo == SIGUSR1) raise(SIGUSR2);
  say("out %s", signal_name(signo));
}
static void again(int signo) {
  int d = ++depth;
  if (d < 3) raise(signo);
  say("level %d", d);
}
int main(void) {
  catch_signal(SIGUSR1, plain, 0);
  say("before");
  raise(SIGUSR1);
  say("after");
  kill(getpid(), SIGUSR1);
  say("after kill");
  struct sigaction a;
  memset(&a, 0, sizeof a);
  a.sa_handler = nesting;
  sigaddset(&a.sa_mask, SIGTERM);
  sigaction(SIGUSR1, &a, NULL);
  sigaction(SIGUSR2, &a, NULL);
  raise(SIGUSR1);
  catch_signal(SIGUSR1, again, 0);
  raise(SIGUSR1);
  depth = 0;
  catch_signal(SIGUSR1, again, SA_NODEFER);
  raise(SIGUSR1);
  catch_signal(SIGTERM, plain, SA_RESETHAND);
  raise(SIGTERM);
  sigaction(SIGTERM, NULL, &a);
  say("after SA_RESETHAND: %s", a.sa_handler == SIG_DFL ? "default" : "kept");
  show("KILL", sigaction(SIGKILL, &a, NULL));
  show("STOP", signal(SIGSTOP, plain) == SIG_ERR ? -1 : 0);
  show("bad number", sigaction(200, NULL, &a));
  return 0;
}
