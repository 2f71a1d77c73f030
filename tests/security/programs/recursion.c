// recursion wasm|memory: recursion without end, of small frames (the engine's stack) or of large
// ones (the stack in the program's own memory).
#include <stdio.h>
#include <string.h>

static int small(int n) { return n < 0 ? 0 : small(n + 1) + n % 3; }

static int large(int n) {
  volatile char frame[8192];
  frame[n & 8191] = (char)n;
  return large(n + 1) + frame[(n * 7) & 8191];
}

int main(int argc, char** argv) {
  printf("diving\n");
  fflush(stdout);
  return argc > 1 && strcmp(argv[1], "memory") == 0 ? large(0) : small(0);
}
