// eventfd: counter, semaphore, non-blocking, poll.
#include <poll.h>
#include <sys/eventfd.h>

#include "case.h"
int main(void) {
  int fd = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC);
  show("eventfd", fd);
  uint64_t v = 4;
  show("write", write(fd, &v, 8));
  show("read", read(fd, &v, 8));
  say("value %llu", (unsigned long long)v);
  show("empty", read(fd, &v, 8));
  show("short", read(fd, &v, 4));
  v = UINT64_MAX;
  show("too large", write(fd, &v, 8));
  v = UINT64_MAX - 1;
  show("largest", write(fd, &v, 8));
  v = 1;
  show("overflow", write(fd, &v, 8));
  struct pollfd p = {fd, POLLIN | POLLOUT, 0};
  show("poll", poll(&p, 1, 0));
  say("in %d out %d", !!(p.revents & POLLIN), !!(p.revents & POLLOUT));
  int s = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
  read(s, &v, 8);
  say("one at a time %llu", (unsigned long long)v);
  read(s, &v, 8);
  show("then none", read(s, &v, 8));
  int w = eventfd(0, 0);
  pid_t child = fork();
  if (child == 0) {
    v = 42;
    sleep_ms(20);
    write(w, &v, 8);
    _exit(0);
  }
  read(w, &v, 8);
  say("from child %llu", (unsigned long long)v);
  reap("child", child);
  return 0;
}
