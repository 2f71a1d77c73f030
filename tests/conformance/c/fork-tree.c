// A binary tree of forks, five deep: each node's status sums its children's.
#include "case.h"
static int node(int depth, int path) {
  if (depth == 0) return path % 3;
  int sum = 0;
  pid_t kids[2];
  for (int i = 0; i < 2; i++) {
    kids[i] = (pid_t)MUST(fork());
    if (kids[i] == 0) _exit(node(depth - 1, path * 2 + i));
  }
  for (int i = 0; i < 2; i++) {
    int status;
    MUST(waitpid(kids[i], &status, 0));
    sum += WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
  }
  return sum;
}
int main(void) {
  for (int depth = 0; depth <= 5; depth++) say("depth %d: %d", depth, node(depth, 1));
  return 0;
}
