// A pipe holds 64 KiB; atomic writes up to PIPE_BUF; partial writes without blocking.
#include <sys/ioctl.h>

#include "case.h"
int main(void) {
  int p[2], n;
  MUST(pipe2(p, O_NONBLOCK));
  static char block[200000];
  memset(block, 'a', sizeof block);
  show("size", fcntl(p[0], F_GETPIPE_SZ));
  show("first big write", write(p[1], block, sizeof block));
  show("full", write(p[1], block, 1));
  ioctl(p[0], FIONREAD, &n);
  say("FIONREAD %d", n);
  show("read 1000", read(p[0], block, 1000));
  show("atomic write does not fit", write(p[1], block, 4096));
  show("read 10000", read(p[0], block, 10000));
  show("now it does", write(p[1], block, 4096));
  long total = 0;
  ssize_t r;
  while ((r = read(p[0], block, sizeof block)) > 0) total += r;
  say("drained %ld, then %s", total, error_name(errno));
  show("PIPE_BUF", PIPE_BUF);
  show("set size", fcntl(p[1], F_SETPIPE_SZ, 4096));
  show("write into one page", write(p[1], block, 10000));
  return 0;
}
