// mmap of files: private and shared, writes back, offsets, protection, beyond the end.
#include <sys/mman.h>

#include "case.h"
int main(void) {
  enum { kSize = 3 * 4096 };
  int fd = (int)MUST(open("f", O_CREAT | O_RDWR, 0600));
  static char text[kSize];
  for (int i = 0; i < kSize; i++) text[i] = (char)('a' + i / 4096);
  write(fd, text, kSize);
  char* p = mmap(NULL, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  say("private %c %c %c", p[0], p[4096], p[8192]);
  p[0] = 'X';
  char b;
  pread(fd, &b, 1, 0);
  say("file keeps %c", b);
  show("unmap", munmap(p, kSize));
  p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 4096);
  say("second page %c", p[0]);
  close(fd);
  say("after close %c", p[100]);
  munmap(p, 4096);
  fd = open("f", O_RDWR);
  p = mmap(NULL, 5000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  p[1] = 'S';
  show("msync", msync(p, 4096, MS_SYNC));
  pread(fd, &b, 1, 1);
  say("shared write back %c", b);
  munmap(p, 5000);
  show("bad fd", mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 99, 0) == MAP_FAILED ? -1 : 0);
  show("bad offset", mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 100) == MAP_FAILED ? -1 : 0);
  show("no length", mmap(NULL, 0, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -1 : 0);
  int ro = open("f", O_RDONLY);
  show("shared write of read-only",
       mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, ro, 0) == MAP_FAILED ? -1 : 0);
  show("directory",
       mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, open(".", O_RDONLY), 0) == MAP_FAILED ? -1 : 0);
  ftruncate(fd, 4100);
  p = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, fd, 0);
  say("tail of the last page is zero %d", p[4200] == 0 && p[8191] == 0);
  return 0;
}
