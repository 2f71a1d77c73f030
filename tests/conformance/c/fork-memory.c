// Pages written by parent and child after fork stay their own, page by page, round by round.
#include "case.h"
enum { kPages = 200, kPage = 4096 };
static unsigned char area[kPages * kPage];
static unsigned sum(void) {
  unsigned s = 0;
  for (int i = 0; i < kPages; i++) s = s * 31 + area[i * kPage] + area[i * kPage + 4095];
  return s;
}
int main(void) {
  for (int i = 0; i < kPages; i++) area[i * kPage] = (unsigned char)i;
  for (int round = 0; round < 20; round++) {
    int p[2];
    MUST(pipe(p));
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
      unsigned before = sum();
      for (int i = round; i < kPages; i += 7) area[i * kPage + 4095] ^= 0x5a;
      unsigned after = sum();
      MUST(write(p[1], &before, sizeof before));
      MUST(write(p[1], &after, sizeof after));
      _exit(0);
    }
    unsigned mine = sum(), before, after;
    for (int i = round; i < kPages; i += 11) area[i * kPage]++;
    MUST(read(p[0], &before, sizeof before));
    MUST(read(p[0], &after, sizeof after));
    MUST(waitpid(child, NULL, 0));
    say("%d: %s %08x %08x", round, before == mine ? "inherited" : "WRONG", after, sum());
    close(p[0]);
    close(p[1]);
  }
  return 0;
}
