// epoll sets in epoll sets: readiness passes on, circles and deep chains are refused.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "case.h"

static int add(int set, int fd, uint32_t events) {
  struct epoll_event event = {events, {.fd = fd}};
  return epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
}
static int ready(int set) {
  struct epoll_event events[8];
  return epoll_wait(set, events, 8, 0);
}
static int polled(int fd) {
  struct pollfd entry = {fd, POLLIN, 0};
  return poll(&entry, 1, 0);
}

int main(void) {
  int inner = epoll_create1(0), outer = epoll_create1(0), event = eventfd(0, EFD_NONBLOCK);
  show("inner", add(inner, event, EPOLLIN));
  show("outer", add(outer, inner, EPOLLIN));
  show("nothing", ready(outer));
  show("poll says so", polled(inner));
  uint64_t one = 1;
  write(event, &one, 8);
  show("ready", ready(outer));
  show("poll says so", polled(outer));
  show("inner", ready(inner));
  show("still", ready(outer));
  read(event, &one, 8);
  show("gone", ready(outer));
  show("poll says so", polled(outer));

  show("a circle", add(inner, outer, EPOLLIN));
  int third = epoll_create1(0);
  show("third", add(third, outer, EPOLLIN));
  show("a longer circle", add(inner, third, EPOLLIN));
  show("exclusive", add(third, inner, EPOLLIN | EPOLLEXCLUSIVE));
  int chain[8];
  for (int i = 0; i < 8; i++) chain[i] = epoll_create1(0);
  for (int i = 0; i < 7; i++) show("deeper", add(chain[i], chain[i + 1], EPOLLIN));
  int last[6];
  for (int i = 0; i < 6; i++) last[i] = epoll_create1(0);
  for (int i = 5; i > 0; i--) show("from below", add(last[i - 1], last[i], EPOLLIN));

  // An edge passes through two levels.
  int low = epoll_create1(0), high = epoll_create1(0);
  add(low, event, EPOLLIN | EPOLLET);
  add(high, low, EPOLLIN | EPOLLET);
  write(event, &one, 8);
  show("edge", ready(high));
  show("no edge", ready(high));
  write(event, &one, 8);
  show("edge", ready(high));
  show("low", ready(low));
  show("low again", ready(low));
  close(low);
  show("the set below is closed", ready(high));

  pid_t child = fork();
  if (child == 0) {
    struct epoll_event events[2];
    _exit(epoll_wait(third, events, 2, 5000));
  }
  sleep_ms(20);
  write(event, &one, 8);
  reap("waits three levels above", child);
  return 0;
}
