// A pty pair: line discipline, echo, erase, end of file, raw mode, window size.
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "case.h"
static int master, slave;
static void type(const char* keys) { MUST(write(master, keys, strlen(keys))); }
static void got(const char* what, int fd) {
  char b[256], shown[1024] = "";
  ssize_t n = read(fd, b, sizeof b);
  for (ssize_t i = 0; i < n; i++)
    sprintf(shown + strlen(shown), b[i] < 32 || b[i] > 126 ? "\\x%02x" : "%c", (unsigned char)b[i]);
  if (n < 0)
    show(what, -1);
  else
    say("%s: [%s]", what, shown);
}
int main(void) {
  master = posix_openpt(O_RDWR | O_NOCTTY);
  show("openpt", master);
  show("grantpt", grantpt(master));
  show("unlockpt", unlockpt(master));
  slave = open(ptsname(master), O_RDWR | O_NOCTTY);
  show("slave", slave);
  say("isatty %d %d", isatty(slave), isatty(master));
  struct termios t;
  tcgetattr(slave, &t);
  say("canonical %d echo %d isig %d opost %d icrnl %d", !!(t.c_lflag & ICANON),
      !!(t.c_lflag & ECHO), !!(t.c_lflag & ISIG), !!(t.c_oflag & OPOST), !!(t.c_iflag & ICRNL));
  type("hello\n");
  got("slave reads", slave);
  got("echo", master);
  type(
      "abX\x7f"
      "c\r");
  got("erase", slave);
  got("echo of erase", master);
  type(
      "throw away\x15"
      "kept\n");
  got("kill", slave);
  got("echo of kill", master);
  type("partial\x04");
  got("end of file after text", slave);
  type("\x04");
  got("end of file", slave);
  got("echo", master);
  fcntl(slave, F_SETFL, O_NONBLOCK);
  type("no newline yet");
  got("nothing yet", slave);
  type("\n");
  got("now", slave);
  got("echo", master);
  t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
  t.c_cc[VMIN] = 1;
  t.c_cc[VTIME] = 0;
  show("raw", tcsetattr(slave, TCSANOW, &t));
  type("k");
  got("one key", slave);
  type("\x04\x7f\n");
  got("control keys as they are", slave);
  struct winsize w = {40, 120, 0, 0};
  show("set size", ioctl(master, TIOCSWINSZ, &w));
  memset(&w, 0, sizeof w);
  ioctl(slave, TIOCGWINSZ, &w);
  say("size %d %d", w.ws_row, w.ws_col);
  type("abc");
  struct pollfd ready = {slave, POLLIN, 0};
  poll(&ready, 1, 1000);
  int n;
  ioctl(slave, FIONREAD, &n);
  say("FIONREAD %d", n);
  tcflush(slave, TCIFLUSH);
  got("flushed", slave);
  show("not a terminal", tcgetattr(open("/dev/null", O_RDWR), &t));
  close(slave);
  fcntl(master, F_SETFL, O_NONBLOCK);
  got("master after the slave closed", master);
  return 0;
}
