// Default actions of every signal, on a child of its own.
#include "case.h"
int main(void) {
  static const int list[] = {
      SIGHUP,    SIGINT,  SIGQUIT,  SIGILL,  SIGTRAP, SIGABRT, SIGBUS,  SIGFPE,  SIGKILL, SIGUSR1,
      SIGSEGV,   SIGUSR2, SIGPIPE,  SIGALRM, SIGTERM, SIGCHLD, SIGCONT, SIGURG,  SIGXCPU, SIGXFSZ,
      SIGVTALRM, SIGPROF, SIGWINCH, SIGIO,   SIGSYS,  SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
  setpgid(0, 0);
  for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
      raise(list[i]);
      _exit(0);
    }
    int status;
    MUST(waitpid(child, &status, WUNTRACED));
    if (WIFSTOPPED(status)) {
      show_status(signal_name(list[i]), status);
      kill(child, SIGKILL);
      MUST(waitpid(child, &status, 0));
    }
    show_status(signal_name(list[i]), status);
  }
  pid_t child = fork();
  if (child == 0) {
    raise(SIGRTMIN + 3);
    _exit(0);
  }
  int status;
  waitpid(child, &status, 0);
  say("real time: killed %d by RTMIN+%d", WIFSIGNALED(status), WTERMSIG(status) - SIGRTMIN);
  return 0;
}
