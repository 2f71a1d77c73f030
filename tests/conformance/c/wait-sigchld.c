// SIGCHLD: sent for exits, stops (unless SA_NOCLDSTOP), with siginfo; SIG_IGN and SA_NOCLDWAIT
// reap.
#include "case.h"
static volatile sig_atomic_t count, code, status_seen;
static void on_child(int signo, siginfo_t* info, void* context) {
  count++;
  code = info->si_code;
  status_seen = info->si_status;
}
static void install(int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_child;
  action.sa_flags = SA_SIGINFO | flags;
  MUST(sigaction(SIGCHLD, &action, NULL));
}
int main(void) {
  install(SA_RESTART);
  pid_t child = fork();
  if (child == 0) _exit(9);
  reap("child", child);
  say("count %d exited %d status %d", count, code == CLD_EXITED, status_seen);
  child = fork();
  if (child == 0) {
    raise(SIGSTOP);
    _exit(0);
  }
  int status;
  waitpid(child, &status, WUNTRACED);
  say("count %d stopped %d by %s", count, code == CLD_STOPPED, signal_name(status_seen));
  install(SA_RESTART | SA_NOCLDSTOP);
  count = 0;
  kill(child, SIGCONT);
  reap("child", child);
  say("count %d", count);
  count = 0;
  install(SA_NOCLDWAIT | SA_RESTART);
  child = fork();
  if (child == 0) _exit(1);
  show("SA_NOCLDWAIT", waitpid(child, &status, 0));
  signal(SIGCHLD, SIG_IGN);
  child = fork();
  if (child == 0) _exit(1);
  show("SIG_IGN", wait(&status));
  signal(SIGCHLD, SIG_DFL);
  child = fork();
  if (child == 0) _exit(1);
  reap("default", child);
  return 0;
}
