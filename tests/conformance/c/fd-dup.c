// dup, dup2, dup3, F_DUPFD: lowest numbers, shared offset, own flags, errors.
#include "case.h"
int main(void) {
  int fd = (int)MUST(open("f", O_CREAT | O_RDWR, 0600));
  show("dup", dup(fd));
  show("dup2", dup2(fd, 10));
  show("dup2 onto itself", dup2(fd, fd));
  show("dup3 onto itself", dup3(fd, fd, 0));
  show("dup3", dup3(fd, 11, O_CLOEXEC));
  show("cloexec", fcntl(11, F_GETFD));
  show("F_DUPFD", fcntl(fd, F_DUPFD, 20));
  show("F_DUPFD taken", fcntl(fd, F_DUPFD, 20));
  show("close", close(4));
  show("lowest again", dup(fd));
  show("bad", dup(99));
  show("bad target", dup2(fd, -1));
  show("bad source keeps the target", dup2(77, 10));
  show("10 is open", fcntl(10, F_GETFD));
  write(10, "shared", 6);
  show("offset", lseek(fd, 0, SEEK_CUR));
  fcntl(10, F_SETFL, O_APPEND);
  say("append seen through 3: %d", (fcntl(fd, F_GETFL) & O_APPEND) != 0);
  fcntl(10, F_SETFD, FD_CLOEXEC);
  show("cloexec is the descriptor's", fcntl(fd, F_GETFD));
  show("F_DUPFD too high", fcntl(fd, F_DUPFD, 1 << 30));
  show("close bad", close(99));
  show("close twice", (close(20), close(20)));
  return 0;
}
