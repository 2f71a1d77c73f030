// poll: readiness of pipes, hang-up, errors, invalid descriptors, time-outs.
#include <poll.h>

#include "case.h"
static void ask(const char* what, int fd, short events, int timeout) {
  struct pollfd p = {fd, events, 0};
  int r = poll(&p, 1, timeout);
  say("%s: %d%s%s%s%s%s", what, r, p.revents & POLLIN ? " IN" : "",
      p.revents & POLLOUT ? " OUT" : "", p.revents & POLLHUP ? " HUP" : "",
      p.revents & POLLERR ? " ERR" : "", p.revents & POLLNVAL ? " NVAL" : "");
}
int main(void) {
  int p[2], q[2];
  MUST(pipe(p));
  ask("empty", p[0], POLLIN, 0);
  ask("writable", p[1], POLLOUT, 0);
  ask("wrong direction", p[0], POLLOUT, 0);
  write(p[1], "x", 1);
  ask("data", p[0], POLLIN, -1);
  fcntl(p[1], F_SETFL, O_NONBLOCK);
  static char big[70000];
  write(p[1], big, sizeof big);
  ask("full", p[1], POLLOUT, 0);
  close(p[1]);
  ask("data and hang-up", p[0], POLLIN, 0);
  while (read(p[0], big, sizeof big) > 0) {
  }
  ask("hang-up", p[0], POLLIN, 0);
  ask("hang-up unasked", p[0], 0, 0);
  MUST(pipe(q));
  close(q[0]);
  ask("no reader", q[1], POLLOUT, 0);
  ask("closed", 99, POLLIN, 0);
  ask("negative is skipped", -1, POLLIN, 0);
  int f = open("f", O_CREAT | O_RDWR, 0600);
  ask("file", f, POLLIN | POLLOUT, 0);
  ask("null", open("/dev/null", O_RDWR), POLLIN | POLLOUT, 0);
  int64_t start = now_ms();
  show("time-out", poll(NULL, 0, 60));
  say("waited %d", now_ms() - start >= 59);
  MUST(pipe(p));
  struct pollfd many[3] = {{p[0], POLLIN, 0}, {99, POLLIN, 0}, {p[1], POLLOUT, 0}};
  show("counts", poll(many, 3, 0));
  pid_t child = fork();
  if (child == 0) {
    sleep_ms(30);
    write(p[1], "y", 1);
    _exit(0);
  }
  ask("woken by a child", p[0], POLLIN, 5000);
  reap("child", child);
  struct timespec t = {0, 1000000};
  sigset_t set;
  sigemptyset(&set);
  read(p[0], big, 10);
  show("ppoll", ppoll(many, 1, &t, &set));
  return 0;
}
