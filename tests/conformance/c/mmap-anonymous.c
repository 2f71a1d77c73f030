// Anonymous maps: zero pages, many sizes, reuse, growth, fork copies them.
#include <sys/mman.h>

#include "case.h"
int main(void) {
  unsigned sum = 0;
  char* maps[64];
  for (int i = 0; i < 64; i++) {
    size_t size = (size_t)(i + 1) * 4096 * 3;
    maps[i] = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (maps[i] == MAP_FAILED) return 1;
    sum += (unsigned)(maps[i][0] + maps[i][size - 1]);
    sum += ((uintptr_t)maps[i] & 4095) != 0;
    memset(maps[i], i, size);
  }
  show("fresh pages are zero and aligned", sum);
  for (int i = 0; i < 64; i += 2) munmap(maps[i], (size_t)(i + 1) * 4096 * 3);
  int wrong = 0;
  for (int i = 1; i < 64; i += 2) wrong += maps[i][100] != i;
  show("others kept", wrong);
  for (int i = 0; i < 64; i += 2) {
    maps[i] = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int j = 0; j < 8192; j++) wrong += maps[i][j] != 0;
  }
  show("zero again", wrong);
  char* shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  strcpy(shared, "before");
  pid_t child = fork();
  if (child == 0) {
    strcpy(shared, "child");
    _exit(strcmp(shared, "child"));
  }
  reap("child", child);
  say("parent has %s", shared);
  show("partial unmap", munmap(maps[63] + 4096, 4096));
  say("edges %d %d", maps[63][0], maps[63][8192]);
  show("unaligned", munmap(maps[63] + 1, 4096));
  char* big = mmap(NULL, 100 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  say("100 MiB %d", big != MAP_FAILED);
  big[99 << 20] = 1;
  show("gone", munmap(big, 100 << 20));
  char* grown = mremap(maps[1], 2 * 4096 * 3, 40 * 4096, MREMAP_MAYMOVE);
  say("mremap %d content %d zero %d", grown != MAP_FAILED, grown[8000], grown[39 * 4096]);
  return 0;
}
