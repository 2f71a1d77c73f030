// fork far down in a recursion: both sides return through all the frames.
#include "case.h"
static int down(int n, volatile int* seen) {
  volatile int frame[16];
  for (int i = 0; i < 16; i++) frame[i] = n * i;
  if (n == 0) {
    *seen = (int)MUST(fork());
    return 0;
  }
  int r = down(n - 1, seen) + 1;
  for (int i = 0; i < 16; i++)
    if (frame[i] != n * i) r += 100000;
  return r;
}
int main(void) {
  for (int depth = 1; depth <= 2000; depth *= 10) {
    volatile int who;
    int r = down(depth, &who);
    if (who == 0) _exit(r == depth ? 7 : 1);
    say("depth %d: parent returned %d", depth, r);
    reap("child", who);
  }
  return 0;
}
