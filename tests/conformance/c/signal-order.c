// Order of delivery: real-time signals by number, each queued, ordinary ones once.
#include "case.h"
static char log_[256];
static void on(int signo) {
  sprintf(log_ + strlen(log_), signo >= SIGRTMIN ? " RT%d" : " %d",
          signo >= SIGRTMIN ? signo - SIGRTMIN : signo);
}
int main(void) {
  sigset_t all, old;
  struct sigaction a;
  memset(&a, 0, sizeof a);
  a.sa_handler = on;
  sigfillset(&a.sa_mask);
  int list[] = {SIGUSR1, SIGUSR2, SIGRTMIN + 1, SIGRTMIN + 5, SIGRTMIN + 3};
  for (int i = 0; i < 5; i++) sigaction(list[i], &a, NULL);
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &old);
  union sigval v = {0};
  sigqueue(getpid(), SIGRTMIN + 5, v);
  sigqueue(getpid(), SIGRTMIN + 1, v);
  sigqueue(getpid(), SIGRTMIN + 3, v);
  sigqueue(getpid(), SIGRTMIN + 1, v);
  kill(getpid(), SIGUSR1);
  kill(getpid(), SIGUSR1);
  sigset_t wanted;
  sigemptyset(&wanted);
  for (int i = 2; i < 5; i++) sigaddset(&wanted, list[i]);
  for (int i = 0; i < 4; i++) {
    int signo;
    sigwait(&wanted, &signo);
    say("RT%d", signo - SIGRTMIN);
  }
  sigprocmask(SIG_SETMASK, &old, NULL);
  say("once:%s", strcmp(log_, " 10") == 0 ? " USR1" : log_);
  return 0;
}
