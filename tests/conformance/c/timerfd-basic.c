// timerfd: once, periodic, absolute, both clocks, poll and epoll, errors.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "case.h"

#define MS 1000000

static int set(int fd, int flags, long first_ms, long every_ms) {
  struct itimerspec wanted = {{every_ms / 1000, every_ms % 1000 * MS},
                              {first_ms / 1000, first_ms % 1000 * MS}};
  return timerfd_settime(fd, flags, &wanted, NULL);
}
static unsigned long long runs(int fd) {
  uint64_t n = 0;
  if (read(fd, &n, sizeof n) != sizeof n) return 0;
  return n;
}

int main(void) {
  show("unknown clock", timerfd_create(77, 0));
  show("CPU clock", timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0));
  show("bad flags", timerfd_create(CLOCK_MONOTONIC, 1));
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  say("flags %d %d", fcntl(fd, F_GETFD), !!(fcntl(fd, F_GETFL) & O_NONBLOCK));
  uint64_t n;
  char small[4];
  show("not armed", read(fd, &n, 8));
  show("short", read(fd, small, 4));
  show("write", write(fd, &n, 8));
  struct itimerspec now, bad = {{0, 0}, {0, 1000 * MS}}, negative = {{0, 0}, {-1, 0}};
  show("bad value", timerfd_settime(fd, 0, &bad, NULL));
  show("negative", timerfd_settime(fd, 0, &negative, NULL));
  show("bad flags", timerfd_settime(fd, 8, &now, NULL));
  show("no timer", timerfd_settime(1, 0, &negative, NULL));
  show("no timer", timerfd_gettime(1, &now));
  show("get", timerfd_gettime(fd, &now));
  say("off %ld %ld", (long)now.it_value.tv_sec, (long)now.it_value.tv_nsec);

  show("once", set(fd, 0, 30, 0));
  timerfd_gettime(fd, &now);
  say("left %d", now.it_value.tv_sec == 0 && now.it_value.tv_nsec > 0 &&
                     now.it_value.tv_nsec <= 30 * MS);
  struct pollfd entry = {fd, POLLIN, 0};
  show("poll before", poll(&entry, 1, 0));
  int64_t start = now_ms();
  show("poll", poll(&entry, 1, 5000));
  say("waited %d", now_ms() - start >= 20);
  say("ran out %llu", runs(fd));
  show("then none", read(fd, &n, 8));
  timerfd_gettime(fd, &now);
  say("off %ld %ld", (long)now.it_value.tv_sec, (long)now.it_value.tv_nsec);

  // Blocking, periodic: what was missed is counted.
  int slow = timerfd_create(CLOCK_MONOTONIC, 0);
  set(slow, 0, 10, 10);
  say("first %d", runs(slow) >= 1);
  sleep_ms(65);
  say("missed %d", runs(slow) >= 5);
  timerfd_gettime(slow, &now);
  say("every %ld", now.it_interval.tv_nsec / MS);
  show("set again", set(slow, 0, 0, 0));
  fcntl(slow, F_SETFL, O_NONBLOCK);
  show("off", read(slow, &n, 8));

  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  int real = timerfd_create(CLOCK_REALTIME, 0);
  struct itimerspec absolute = {{0, 0}, time};
  absolute.it_value.tv_sec -= 10;
  show("absolute, over", timerfd_settime(real, TFD_TIMER_ABSTIME, &absolute, NULL));
  say("ran out %llu", runs(real));
  absolute.it_value = time;
  absolute.it_value.tv_sec += 100;
  show("absolute, cancel on set",
       timerfd_settime(real, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &absolute, NULL));
  struct itimerspec old;
  absolute.it_value.tv_sec = 0;
  absolute.it_value.tv_nsec = 0;
  show("old value", timerfd_settime(real, 0, &absolute, &old));
  say("old %d", old.it_value.tv_sec >= 98 && old.it_value.tv_sec <= 100);

  // An edge for each time that it runs out; not read, a periodic one is not ready anew.
  int poller = epoll_create1(0);
  struct epoll_event event = {EPOLLIN | EPOLLET, {.fd = fd}}, got;
  epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
  set(fd, 0, 10, 0);
  show("epoll", epoll_wait(poller, &got, 1, 5000));
  show("no more", epoll_wait(poller, &got, 1, 0));
  set(fd, 0, 10, 0);
  show("epoll", epoll_wait(poller, &got, 1, 5000));
  say("ran out %llu", runs(fd));

  // Shared by fork.
  set(fd, 0, 10, 0);
  pid_t child = fork();
  if (child == 0) {
    poll(&entry, 1, 5000);
    _exit((int)runs(fd));
  }
  reap("in a child", child);
  show("taken", read(fd, &n, 8));
  return 0;
}
