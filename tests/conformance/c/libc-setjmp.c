// setjmp and longjmp without fork: values, volatile locals, deep, nested, loops.
#include <setjmp.h>

#include "case.h"
static jmp_buf outer, inner;
static void jump(int depth, int value) {
  if (depth) jump(depth - 1, value);
  longjmp(inner, value);
}
int main(void) {
  volatile int count = 0;
  int r = setjmp(outer);
  say("outer %d", r);
  if (r < 3) {
    count++;
    int s = setjmp(inner);
    if (s == 0) jump(100, r + 1);
    say("inner %d count %d", s, count);
    longjmp(outer, s);
  }
  volatile int rounds = 0;
  jmp_buf here;
  if (setjmp(here) < 1000000) {
  }
  if (++rounds < 5000) longjmp(here, rounds);
  say("rounds %d", rounds);
  r = setjmp(here);
  if (r == 0) longjmp(here, 0);
  say("zero becomes %d", r);
  double volatile d = 1.5;
  long long volatile big = 1LL << 40;
  if (setjmp(here) == 0) {
    d = 2.5;
    big++;
    longjmp(here, 1);
  }
  say("%g %lld", d, big);
  return 0;
}
