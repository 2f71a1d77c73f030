// pipe: transfer, end of file, two ends, lowest descriptors, flags.
#include "case.h"
int main(void) {
  int p[2];
  char b[100];
  show("pipe", pipe(p));
  say("ends %d %d", p[0], p[1]);
  show("write", write(p[1], "hello", 5));
  show("read", read(p[0], b, 100));
  show("write to the read end", write(p[0], "x", 1));
  show("read from the write end", read(p[1], b, 1));
  show("seek", lseek(p[0], 0, SEEK_SET));
  write(p[1], "left over", 9);
  close(p[1]);
  show("what is left", read(p[0], b, 4));
  show("the rest", read(p[0], b, 100));
  show("end", read(p[0], b, 100));
  show("still", read(p[0], b, 100));
  close(p[0]);
  show("closed", read(p[0], b, 1));
  show("pipe2 bad flags", pipe2(p, O_APPEND));
  show("pipe2", pipe2(p, O_NONBLOCK | O_CLOEXEC));
  say("flags %d %d", (fcntl(p[0], F_GETFL) & O_NONBLOCK) != 0, fcntl(p[0], F_GETFD));
  show("empty", read(p[0], b, 1));
  show("zero", read(p[0], b, 0));
  struct stat st;
  fstat(p[0], &st);
  say("fifo %d size %ld", S_ISFIFO(st.st_mode), (long)st.st_size);
  return 0;
}
