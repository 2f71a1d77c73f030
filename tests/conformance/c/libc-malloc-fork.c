// The heap after fork: both sides allocate and free what the other still has.
#include "case.h"
int main(void) {
  enum { kMany = 3000 };
  static char* p[kMany];
  for (int i = 0; i < kMany; i++) {
    p[i] = malloc((size_t)i % 700 + 1);
    memset(p[i], i & 0xff, (size_t)i % 700 + 1);
  }
  for (int round = 0; round < 10; round++) {
    pid_t child = fork();
    int wrong = 0;
    for (int i = round; i < kMany; i += child ? 2 : 3) {
      wrong += (unsigned char)p[i][i % 700] != (i & 0xff);
      free(p[i]);
      p[i] = malloc((size_t)i % 700 + 1);
      memset(p[i], i & 0xff, (size_t)i % 700 + 1);
    }
    if (child == 0) _exit(wrong ? 1 : 50 + round);
    if (wrong) say("parent wrong %d", wrong);
    reap("child", child);
  }
  return 0;
}
