// MAP_SHARED memory between parent and child.
//@ expect-differ: memory shared between processes is refused (ENODEV), fork copies all of it
#include <sys/mman.h>

#include "case.h"
int main(void) {
  int* shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) {
    show("mmap", -1);
    return 1;
  }
  *shared = 1;
  pid_t child = fork();
  if (child == 0) {
    *shared = 42;
    _exit(0);
  }
  reap("child", child);
  say("parent sees %d", *shared);
  return 0;
}
