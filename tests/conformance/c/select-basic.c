// select and pselect: sets, time left, bad descriptors, signal masks.
#include <sys/select.h>

#include "case.h"
static volatile sig_atomic_t got;
static void on(int signo) { got++; }
int main(void) {
  int p[2];
  fd_set r, w;
  MUST(pipe(p));
  FD_ZERO(&r);
  FD_ZERO(&w);
  FD_SET(p[0], &r);
  FD_SET(p[1], &w);
  struct timeval t = {0, 0};
  show("writable only", select(p[1] + 1, &r, &w, NULL, &t));
  say("r %d w %d", FD_ISSET(p[0], &r) != 0, FD_ISSET(p[1], &w) != 0);
  write(p[1], "x", 1);
  FD_SET(p[0], &r);
  FD_SET(p[1], &w);
  show("both", select(p[1] + 1, &r, &w, NULL, NULL));
  char b;
  read(p[0], &b, 1);
  FD_ZERO(&r);
  FD_SET(p[0], &r);
  t.tv_usec = 30000;
  show("time-out", select(p[1] + 1, &r, NULL, NULL, &t));
  say("set %d", FD_ISSET(p[0], &r) != 0);
  FD_ZERO(&r);
  FD_SET(50, &r);
  show("bad descriptor", select(51, &r, NULL, NULL, NULL));
  show("negative count", select(-1, NULL, NULL, NULL, NULL));
  t.tv_sec = -1;
  show("negative time", select(0, NULL, NULL, NULL, &t));
  sigset_t block, none;
  sigemptyset(&none);
  sigemptyset(&block);
  sigaddset(&block, SIGUSR1);
  sigprocmask(SIG_BLOCK, &block, NULL);
  catch_signal(SIGUSR1, on, 0);
  raise(SIGUSR1);
  say("blocked %d", got);
  struct timespec ts = {5, 0};
  show("pselect", pselect(0, NULL, NULL, NULL, &ts, &none));
  say("got %d", got);
  close(p[1]);
  FD_ZERO(&r);
  FD_SET(p[0], &r);
  show("end of file is readable", select(p[0] + 1, &r, NULL, NULL, NULL));
  return 0;
}
