// events ATTACK: makes the kernel wake and look for as much as it can, with as few calls as it can.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static const uint64_t one = 1;
static struct epoll_event events[4096];

static int watch(int set, int fd) {
  struct epoll_event event = {EPOLLIN, {.fd = fd}};
  return epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
}

// All timers that there are, each due again after a nanosecond.
static int timers(void) {
  const struct itimerspec soon = {{0, 1}, {0, 1}};
  const int set = epoll_create1(0);
  int made = 0;
  for (;; made++) {
    const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    if (fd < 0 || timerfd_settime(fd, 0, &soon, NULL) != 0 || watch(set, fd) != 0) break;
  }
  if (made < 1000) return 2;
  for (;;) {
    const int ready = epoll_wait(set, events, 4096, -1);
    for (int i = 0; i < ready; i++) {
      uint64_t count;
      if (read(events[i].data.fd, &count, sizeof count) < 0) break;
    }
  }
}

// Timers that nobody hears of, all due again before they were served.
static int silent(void) {
  int made = 0;
  for (;; made++) {
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    const struct itimerspec soon = {{0, 1}, {0, 1}};
    timer_t timer;
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) break;
    timer_settime(timer, 0, &soon, NULL);
  }
  if (made < 100) return 2;
  for (;;) getppid();
}

// One event counter under as many numbers as there may be watches: each write reaches all.
static int watches(void) {
  const int set = epoll_create1(0), event = eventfd(0, EFD_NONBLOCK);
  int made = 0;
  while (watch(set, dup(event)) == 0) made++;
  if (made < 10000) return 2;
  for (;;) {
    uint64_t count;
    if (write(event, &one, 8) != 8) return 3;
    if (epoll_wait(set, events, 4096, -1) <= 0) return 4;
    if (read(event, &count, 8) != 8) return 5;
    if (epoll_wait(set, events, 4096, 0) != 0) return 6;
  }
}

// As many sets as there may be, all on one event counter.
static int sets(void) {
  const int event = eventfd(0, EFD_NONBLOCK);
  int made = 0;
  while (watch(epoll_create1(0), event) == 0) made++;
  if (made < 10000) return 2;
  for (;;)
    if (write(event, &one, 8) != 8) return 3;
}

// Sets that watch sets that watch sets: all of one level watch all of the level below.
static int nesting(void) {
  enum { kWidth = 15, kLevels = 5 };
  const int event = eventfd(0, EFD_NONBLOCK);
  int below[kWidth], above[kWidth];
  for (int i = 0; i < kWidth; i++) watch(below[i] = epoll_create1(0), event);
  for (int level = 1; level < kLevels; level++) {
    for (int i = 0; i < kWidth; i++) {
      above[i] = epoll_create1(0);
      for (int j = 0; j < kWidth; j++)
        if (watch(above[i], below[j]) != 0) return 2;
    }
    memcpy(below, above, sizeof below);
  }
  if (watch(epoll_create1(0), below[0]) != -1 || errno != ELOOP) return 3;
  for (;;) {
    uint64_t count;
    if (write(event, &one, 8) != 8) return 4;
    for (int i = 0; i < kWidth; i++)
      if (epoll_wait(below[i], events, 4096, 0) != kWidth) return 5;
    if (read(event, &count, 8) != 8) return 6;
    for (int i = 0; i < kWidth; i++)
      if (epoll_wait(below[i], events, 4096, 0) != 0) return 7;
  }
}

// Events that nobody reads, of a long name, in all instances that there are.
static int changes(void) {
  char names[2][200];
  for (int i = 0; i < 2; i++) {
    memset(names[i], 'a' + i, sizeof names[i] - 1);
    names[i][sizeof names[i] - 1] = 0;
  }
  if (mkdir("/tmp/watched", 0700) != 0 || chdir("/tmp/watched") != 0) return 2;
  int made = 0, fd;
  while ((fd = inotify_init1(0)) >= 0 && inotify_add_watch(fd, ".", IN_ALL_EVENTS) > 0) made++;
  if (made < 100) return 3;
  close(open(names[0], O_CREAT | O_WRONLY, 0600));
  for (int i = 0;; i ^= 1)
    if (rename(names[i], names[!i]) != 0) return 4;
}

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    int (*run)(void);
  } attacks[] = {{"timers", timers}, {"silent", silent}, {"watches", watches},
                 {"sets", sets},     {"nesting", nesting}, {"changes", changes}};
  for (unsigned i = 0; i < sizeof attacks / sizeof attacks[0]; i++)
    if (argc > 1 && strcmp(argv[1], attacks[i].name) == 0) return attacks[i].run();
  return 1;
}
