// Bad addresses and sizes give EFAULT or EINVAL, never a crash of anything else.
#include <poll.h>

#include "case.h"
int main(void) {
  void* bad = (void*)(uintptr_t)0xffffff00u;
  int p[2];
  MUST(pipe(p));
  show("write", write(p[1], bad, 100));
  write(p[1], "x", 1);
  show("read", read(p[0], bad, 1));
  show("open", open(bad, O_RDONLY));
  show("pipe", pipe(bad));
  show("readlink", readlink("/proc/self", bad, 10));
  show("poll", poll(bad, 3, 0));
  show("execve", execve(bad, NULL, NULL));
  show("execve argv", execve("/bin/true", bad, NULL));
  show("bad fd first", write(99, bad, 1));
  return 0;
}
