// fork: two returns, own memory, own pid, parent's pid, exit status.
#include "case.h"
static int global = 1;
int main(void) {
  int local = 10;
  int* heap = malloc(sizeof *heap);
  *heap = 100;
  pid_t me = getpid();
  int p[2];
  MUST(pipe(p));
  pid_t child = (pid_t)MUST(fork());
  if (child == 0) {
    global++;
    local++;
    ++*heap;
    say("child: %d %d %d, parent %s, pid %s", global, local, *heap,
        getppid() == me ? "right" : "wrong", getpid() != me ? "new" : "old");
    give_turn(p[1]);
    _exit(42);
  }
  await_turn(p[0]);
  global += 5;
  say("parent: %d %d %d", global, local, *heap);
  reap("child", child);
  show("wait with no children", wait(NULL));
  return 0;
}
