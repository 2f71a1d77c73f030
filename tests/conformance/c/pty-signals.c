// A session on a pty: Ctrl-C, Ctrl-\, Ctrl-Z reach the foreground group, and SIGWINCH.
#include <sys/ioctl.h>
#include <termios.h>

#include "case.h"
static int out[2];
static void on(int signo) {
  char line[64];
  int n = sprintf(line, "%s", signal_name(signo));
  write(out[1], line, (size_t)n);
}
static void told(const char* what) {
  char b[64] = "";
  ssize_t n = read(out[0], b, 63);
  say("%s: %s", what, n > 0 ? b : "nothing");
}
int main(void) {
  MUST(pipe(out));
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  unlockpt(master);
  char* name = ptsname(master);
  pid_t child = fork();
  if (child == 0) {
    setsid();
    close(master);
    int tty = (int)MUST(open(name, O_RDWR));
    if (tcgetsid(tty) != getsid(0)) MUST(ioctl(tty, TIOCSCTTY, 0));
    int signals[] = {SIGINT, SIGQUIT, SIGTSTP, SIGWINCH, SIGHUP, SIGCONT};
    for (int i = 0; i < 6; i++) catch_signal(signals[i], on, SA_RESTART);
    char b[256];
    int n = sprintf(b, "fg %d sid %d tty %d", tcgetpgrp(tty) == getpgrp(),
                    tcgetsid(tty) == getpid(), open("/dev/tty", O_RDWR) >= 0);
    write(out[1], b, (size_t)n);
    for (;;) {
      ssize_t r = read(tty, b, sizeof b);
      if (r <= 0) _exit(r == 0 ? 5 : 6);
      if (b[0] == 'q') _exit(7);
    }
  }
  told("start");
  write(master, "\x03", 1);
  told("Ctrl-C");
  write(master, "\x1c", 1);
  told("Ctrl-\\");
  write(master, "\x1a", 1);
  told("Ctrl-Z");
  struct winsize w = {10, 20, 0, 0};
  ioctl(master, TIOCSWINSZ, &w);
  told("resize");
  ioctl(master, TIOCSWINSZ, &w);
  kill(child, SIGKILL);
  reap("child", child);
  return 0;
}
