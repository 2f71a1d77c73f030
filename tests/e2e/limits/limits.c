// limits NAME: asks for things of a kind until one is refused; prints how many there were, and why
// there were no more.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>

static int posix_timer(int i) {
  (void)i;
  struct sigevent none = {.sigev_notify = SIGEV_NONE};
  timer_t timer;
  return timer_create(CLOCK_MONOTONIC, &none, &timer);
}

static int timer_file(int i) {
  (void)i;
  return timerfd_create(CLOCK_MONOTONIC, 0);
}

static int watch(int i) {
  static int set = -1;
  if (set < 0) set = epoll_create1(0);
  (void)i;
  struct epoll_event event = {.events = EPOLLIN};
  return epoll_ctl(set, EPOLL_CTL_ADD, eventfd(0, 0), &event);
}

static int file_watch(int i) {
  static int instance = -1;
  if (instance < 0) instance = inotify_init1(0);
  char name[32];
  snprintf(name, sizeof name, "/tmp/%d", i);
  mkdir(name, 0700);
  return inotify_add_watch(instance, name, IN_CREATE);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    int (*more)(int i);
  } kinds[] = {{"posix_timer", posix_timer},
               {"timer_file", timer_file},
               {"watch", watch},
               {"file_watch", file_watch}};
  for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (argc < 2 || strcmp(argv[1], kinds[i].name) != 0) continue;
    int count = 0;
    while (count < 1000 && kinds[i].more(count) >= 0) count++;
    printf("%d %s\n", count, strerror(errno));
    return 0;
  }
  return 2;
}
