// close_range by its number: ranges, marks for exec, errors.
#include <sys/syscall.h>

#include "case.h"

static long close_range_of(unsigned first, unsigned last, unsigned flags) {
  return syscall(SYS_close_range, first, last, flags);
}

int main(void) {
  for (int fd = 3; fd < 12; fd++) MUST(dup2(1, fd));
  MUST(dup2(1, 500));
  show("middle", close_range_of(5, 6, 0));
  for (int fd = 4; fd < 8; fd++) show("open", fcntl(fd, F_GETFD));
  show("for exec", close_range_of(9, ~0U, 4));
  show("not marked", fcntl(8, F_GETFD));
  show("marked", fcntl(9, F_GETFD));
  show("marked", fcntl(500, F_GETFD));
  show("opened later", fcntl(dup(1), F_GETFD));
  show("backwards", close_range_of(4, 3, 0));
  show("unknown flag", close_range_of(4, 4, 1));
  show("nothing there", close_range_of(1000, 2000, 0));
  show("all", close_range_of(3, ~0U, 0));
  show("closed", fcntl(500, F_GETFD));
  show("lowest", dup(1));
  show("unshared", close_range_of(3, 3, 2));
  show("closed", fcntl(3, F_GETFD));
  return 0;
}
