// siginfo of kill, raise, sigqueue and timers; sa_sigaction's arguments.
#include "case.h"
static siginfo_t seen;
static void on(int signo, siginfo_t* info, void* context) {
  seen = *info;
  say("%s: signo %s, context %s", signal_name(signo), signal_name(info->si_signo),
      context ? "given" : "missing");
}
int main(void) {
  struct sigaction a;
  memset(&a, 0, sizeof a);
  a.sa_sigaction = on;
  a.sa_flags = SA_SIGINFO;
  sigaction(SIGUSR1, &a, NULL);
  sigaction(SIGALRM, &a, NULL);
  kill(getpid(), SIGUSR1);
  say("user %d, pid %s, uid %s", seen.si_code == SI_USER, seen.si_pid == getpid() ? "me" : "other",
      seen.si_uid == getuid() ? "mine" : "other");
  raise(SIGUSR1);
  say("tkill %d, pid %s", seen.si_code == SI_TKILL, seen.si_pid == getpid() ? "me" : "other");
  union sigval v = {.sival_ptr = (void*)0x1234};
  sigqueue(getpid(), SIGUSR1, v);
  say("queue %d, value %p", seen.si_code == SI_QUEUE, seen.si_value.sival_ptr);
  struct itimerval timer = {{0, 0}, {0, 1000}};
  setitimer(ITIMER_REAL, &timer, NULL);
  pause();
  say("kernel %d", seen.si_code == SI_KERNEL);
  pid_t parent = getpid(), child = fork();
  if (child == 0) {
    kill(parent, SIGUSR1);
    _exit(0);
  }
  reap("child", child);
  say("from child %d", seen.si_pid == child);
  return 0;
}
