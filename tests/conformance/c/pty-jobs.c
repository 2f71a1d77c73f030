// Background reads and writes on a terminal: SIGTTIN, SIGTTOU, tcsetpgrp rules.
#include <sys/ioctl.h>
#include <termios.h>

#include "case.h"
int main(void) {
  int master = posix_openpt(O_RDWR | O_NOCTTY), out[2];
  MUST(pipe(out));
  unlockpt(master);
  char* name = ptsname(master);
  pid_t leader = fork();
  if (leader == 0) {
    setsid();
    close(master);
    int tty = (int)MUST(open(name, O_RDWR)), status;
    ioctl(tty, TIOCSCTTY, 0);
    signal(SIGTTOU, SIG_IGN);
    pid_t job = fork();
    if (job == 0) {
      setpgid(0, 0);
      char b;
      read(tty, &b, 1);
      _exit(b);
    }
    setpgid(job, job);
    waitpid(job, &status, WUNTRACED);
    show_status("background read", status);
    show("give it the terminal", tcsetpgrp(tty, job));
    kill(job, SIGCONT);
    write(out[1], "x", 1);
    waitpid(job, &status, 0);
    show_status("job", status);
    show("take it back", tcsetpgrp(tty, getpgrp()));
    show("a group that is not here", tcsetpgrp(tty, 99999));
    job = fork();
    if (job == 0) {
      setpgid(0, 0);
      signal(SIGTTOU, SIG_DFL);
      struct termios t;
      tcgetattr(tty, &t);
      t.c_lflag |= TOSTOP;
      tcsetattr(tty, TCSANOW, &t);
      _exit(3);
    }
    setpgid(job, job);
    waitpid(job, &status, WUNTRACED);
    show_status("background tcsetattr", status);
    kill(job, SIGKILL);
    waitpid(job, &status, 0);
    job = fork();
    if (job == 0) {
      setpgid(0, 0);
      signal(SIGTTIN, SIG_IGN);
      char b;
      show("ignored SIGTTIN", read(tty, &b, 1));
      _exit(4);
    }
    waitpid(job, &status, 0);
    show_status("job", status);
    _exit(0);
  }
  await_turn(out[0]);
  write(master, "A\n", 2);
  reap("leader", leader);
  return 0;
}
