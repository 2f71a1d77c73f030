// A 60 MB file written, read at random places, mapped and cut.
#include "case.h"
int main(void) {
  int fd = (int)MUST(open("big", O_CREAT | O_RDWR, 0600));
  static uint32_t block[16384];
  uint32_t x = 1;
  for (int i = 0; i < 960; i++) {
    for (int j = 0; j < 16384; j++) block[j] = (x = x * 1664525 + 1013904223);
    if (write(fd, block, sizeof block) != sizeof block) return 1;
  }
  show("size", lseek(fd, 0, SEEK_END));
  uint32_t sum = 0, at = 12345;
  for (int i = 0; i < 2000; i++) {
    at = at * 22695477 + 1;
    uint32_t word;
    pread(fd, &word, 4, (off_t)(at % (960 * 16384)) * 4);
    sum = sum * 31 + word;
  }
  say("sum %08x", sum);
  show("cut", ftruncate(fd, 1000003));
  show("size", lseek(fd, 0, SEEK_END));
  show("unlink", unlink("big"));
  return 0;
}
