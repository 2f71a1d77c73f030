// O_NONBLOCK belongs to the open file description: set on one end, seen after dup and fork.
#include "case.h"
int main(void) {
  int p[2];
  char b;
  MUST(pipe(p));
  int copy = dup(p[0]);
  fcntl(copy, F_SETFL, O_NONBLOCK);
  show("read by the first", read(p[0], &b, 1));
  pid_t child = fork();
  if (child == 0) {
    show("read in the child", read(p[0], &b, 1));
    fcntl(p[0], F_SETFL, 0);
    _exit(0);
  }
  reap("child", child);
  say("flag after the child cleared it: %d", (fcntl(copy, F_GETFL) & O_NONBLOCK) != 0);
  say("write end untouched: %d", (fcntl(p[1], F_GETFL) & O_NONBLOCK) != 0);
  char path[32];
  sprintf(path, "/proc/self/fd/%d", p[0]);
  int own = open(path, O_RDONLY | O_NONBLOCK);
  show("opened anew", read(own, &b, 1));
  say("the first still blocks: %d", (fcntl(p[0], F_GETFL) & O_NONBLOCK) == 0);
  show("access mode", fcntl(p[1], F_GETFL) & O_ACCMODE);
  return 0;
}
