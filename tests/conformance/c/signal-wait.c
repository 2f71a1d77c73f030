// sigwait, sigwaitinfo, sigtimedwait, sigqueue's value.
#include "case.h"
int main(void) {
  sigset_t set;
  int signo;
  siginfo_t info;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGUSR2);
  sigaddset(&set, SIGRTMIN + 1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  raise(SIGUSR2);
  show_error("sigwait", sigwait(&set, &signo));
  say("signal %s", signal_name(signo));
  union sigval value = {.sival_int = 4711};
  for (int i = 0; i < 3; i++) {
    value.sival_int = 100 + i;
    show("sigqueue", sigqueue(getpid(), SIGRTMIN + 1, value));
  }
  for (int i = 0; i < 3; i++) {
    int r = sigwaitinfo(&set, &info);
    say("sigwaitinfo RTMIN+%d value %d queued %d from %s", r - SIGRTMIN, info.si_value.sival_int,
        info.si_code == SI_QUEUE, info.si_pid == getpid() ? "me" : "another");
  }
  struct timespec none = {0, 0}, some = {0, 50000000};
  show("sigtimedwait none", sigtimedwait(&set, &info, &none));
  int64_t start = now_ms();
  show("sigtimedwait 50 ms", sigtimedwait(&set, &info, &some));
  say("waited %s", now_ms() - start >= 49 ? "long enough" : "too short");
  pid_t parent = getpid(), child = fork();
  if (child == 0) {
    sleep_ms(20);
    kill(parent, SIGUSR1);
    _exit(0);
  }
  say("from child: %s", signal_name(sigwaitinfo(&set, &info)));
  say("user %d pid %s", info.si_code == SI_USER, info.si_pid == child ? "right" : "wrong");
  reap("child", child);
  return 0;
}
