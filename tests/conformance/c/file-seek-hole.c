// SEEK_DATA and SEEK_HOLE, fallocate, punching holes.
#include "case.h"
int main(void) {
  int fd = (int)MUST(open("f", O_CREAT | O_RDWR, 0600));
  enum { kBig = 1 << 20 };
  static char block[4096];
  memset(block, 'd', sizeof block);
  pwrite(fd, block, sizeof block, 0);
  pwrite(fd, block, sizeof block, kBig);
  ftruncate(fd, 2 * kBig);
  show("data at 0", lseek(fd, 0, SEEK_DATA));
  show("hole from 0", lseek(fd, 0, SEEK_HOLE));
  show("data from the hole", lseek(fd, 8192, SEEK_DATA));
  show("hole inside a hole", lseek(fd, 9000, SEEK_HOLE));
  show("hole after the second", lseek(fd, kBig, SEEK_HOLE));
  show("data in the tail", lseek(fd, kBig + 8192, SEEK_DATA));
  show("past the end", lseek(fd, 3 * kBig, SEEK_DATA));
  show("fallocate", fallocate(fd, 0, 0, 3 * kBig));
  show("size", lseek(fd, 0, SEEK_END));
  show("keep size", fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 4 * kBig));
  show("size", lseek(fd, 0, SEEK_END));
  show("bad", fallocate(fd, 0, 0, 0));
  show("posix_fallocate", posix_fallocate(fd, 0, 100));
  show("punch", fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
  char b = 1;
  pread(fd, &b, 1, 100);
  show("zero", b);
  return 0;
}
