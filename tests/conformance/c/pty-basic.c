// A pty pair: line discipline, echo, erase, end of file, raw mode, window size.
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "case.h"
static int master, slave;
static void type(const char* keys) { MUST(write(master, keys, strlen(keys))); }
static void show_bytes(const char* what, const char* bytes, ssize_t n) {
  char shown[1024] = "";
  for (ssize_t i = 0; i < n; i++)
    sprintf(shown + strlen(shown), bytes[i] < 32 || bytes[i] > 126 ? "\\x%02x" : "%c",
            (unsigned char)bytes[i]);
  say("%s: [%s]", what, shown);
}
// What one read gives.
static void got(const char* what, int fd) {
  char b[256];
  ssize_t n = read(fd, b, sizeof b);
  if (n < 0)
    show(what, -1);
  else
    show_bytes(what, b, n);
}
// What reads give until `count` bytes are there: what the other side wrote may come in pieces.
static void got_all(const char* what, int fd, size_t count) {
  char b[256];
  for (size_t n = 0; n < count;) n += (size_t)MUST(read(fd, b + n, count - n));
  show_bytes(what, b, (ssize_t)count);
}
// Keys take a while to arrive, too.
static void await_input(void) {
  struct pollfd ready = {slave, POLLIN, 0};
  MUST(poll(&ready, 1, -1));
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
  got_all("echo", master, 7);
  MUST(write(slave, "out\n", 4));
  got_all("opost", master, 5);
  t.c_oflag &= ~(tcflag_t)ONLCR;
  tcsetattr(slave, TCSANOW, &t);
  MUST(write(slave, "as it is\n", 9));
  got_all("without ONLCR", master, 9);
  t.c_oflag |= ONLCR;
  tcsetattr(slave, TCSANOW, &t);
  type(
      "abX\x7f"
      "c\r");
  got("erase", slave);
  got_all("echo of erase", master, 9);
  type(
      "throw away\x15"
      "kept\n");
  got("kill", slave);
  got_all("echo of kill", master, 46);
  type("partial\x04");
  got("end of file after text", slave);
  type("\x04");
  got("end of file", slave);
  got_all("echo", master, 7);
  fcntl(slave, F_SETFL, O_NONBLOCK);
  type("no newline yet");
  got("nothing yet", slave);
  type("\n");
  await_input();
  got("now", slave);
  got_all("echo", master, 16);
  t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
  t.c_cc[VMIN] = 1;
  t.c_cc[VTIME] = 0;
  show("raw", tcsetattr(slave, TCSANOW, &t));
  type("k");
  await_input();
  got("one key", slave);
  type("\x04\x7f\n");
  await_input();
  got("control keys as they are", slave);
  struct winsize w = {40, 120, 0, 0};
  show("set size", ioctl(master, TIOCSWINSZ, &w));
  memset(&w, 0, sizeof w);
  ioctl(slave, TIOCGWINSZ, &w);
  say("size %d %d", w.ws_row, w.ws_col);
  type("abc");
  await_input();
  int n;
  ioctl(slave, FIONREAD, &n);
  say("FIONREAD %d", n);
  tcflush(slave, TCIFLUSH);
  got("flushed", slave);
  // For the master, what a slave wrote is input.
  MUST(write(slave, "abcdef", 6));
  char two[2];
  MUST(read(master, two, sizeof two));
  show_bytes("of what is written", two, sizeof two);
  show("flush the master's output", tcflush(master, TCOFLUSH));
  MUST(read(master, two, sizeof two));
  show_bytes("still there", two, sizeof two);
  show("flush the master's input", tcflush(master, TCIFLUSH));
  MUST(write(slave, "ABC", 3));
  got_all("after the flush", master, 3);
  show("not a terminal", tcgetattr(open("/dev/null", O_RDWR), &t));
  close(slave);
  fcntl(master, F_SETFL, O_NONBLOCK);
  got("master after the slave closed", master);
  return 0;
}
