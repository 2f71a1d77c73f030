// readv, writev, preadv, pwritev: order, short, empty, bad.
#include <sys/uio.h>

#include "case.h"
int main(void) {
  int fd = (int)MUST(open("f", O_CREAT | O_RDWR, 0600));
  struct iovec out[3] = {{"one ", 4}, {"", 0}, {"two three", 9}};
  show("writev", writev(fd, out, 3));
  char a[4] = "", b[8] = "", c[20] = "";
  struct iovec in[3] = {{a, 3}, {b, 7}, {c, 19}};
  lseek(fd, 0, SEEK_SET);
  show("readv", readv(fd, in, 3));
  say("[%s] [%s] [%s]", a, b, c);
  show("pwritev", pwritev(fd, out, 1, 4));
  memset(c, 0, sizeof c);
  struct iovec one = {c, 19};
  show("preadv", preadv(fd, &one, 1, 0));
  say("%s", c);
  show("no vectors", writev(fd, out, 0));
  show("negative", writev(fd, out, -1));
  show("too many", writev(fd, out, 5000));
  show("preadv at negative", preadv(fd, &one, 1, -1));
  show("pread past the end", pread(fd, c, 5, 100));
  return 0;
}
