// wait, waitpid by pid, group and any, waitid, WNOHANG, WNOWAIT, WUNTRACED, WCONTINUED.
#include "case.h"
int main(void) {
  int status;
  siginfo_t info;
  pid_t a = fork();
  if (a == 0) _exit(1);
  memset(&info, 0, sizeof info);
  show("waitid WNOWAIT", waitid(P_PID, (id_t)a, &info, WEXITED | WNOWAIT));
  say("code %d status %d signo %s pid %s", info.si_code == CLD_EXITED, info.si_status,
      signal_name(info.si_signo), info.si_pid == a ? "right" : "wrong");
  show("waitpid", waitpid(a, &status, 0) == a);
  show_status("a", status);
  show("again", waitpid(a, &status, 0));
  pid_t b = fork();
  if (b == 0) {
    raise(SIGSTOP);
    _exit(2);
  }
  show("stopped", waitpid(b, &status, WUNTRACED) == b);
  show_status("b", status);
  show("nothing new", waitpid(b, &status, WNOHANG | WUNTRACED));
  kill(b, SIGCONT);
  show("continued", waitpid(b, &status, WCONTINUED) == b);
  show_status("b", status);
  show("ended", waitpid(b, &status, 0) == b);
  show_status("b", status);
  pid_t c = fork();
  if (c == 0) {
    setpgid(0, 0);
    raise(SIGKILL);
  }
  setpgid(c, c);
  show("by group", waitpid(-c, &status, 0) == c);
  show_status("c", status);
  show("other group", waitpid(-99999, &status, 0));
  show("bad options", waitpid(-1, &status, 0x1000));
  show("waitid nothing asked", waitid(P_ALL, 0, &info, 0));
  memset(&info, 0, sizeof info);
  pid_t d = fork();
  if (d == 0) pause();
  show("waitid WNOHANG", waitid(P_ALL, 0, &info, WEXITED | WNOHANG));
  say("pid %d", info.si_pid);
  kill(d, SIGTERM);
  show("waitid", waitid(P_PGID, (id_t)getpgrp(), &info, WEXITED));
  say("killed %d by %s", info.si_code == CLD_KILLED, signal_name(info.si_status));
  return 0;
}
