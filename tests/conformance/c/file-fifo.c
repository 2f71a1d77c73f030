// FIFOs: blocking opens meet, O_NONBLOCK rules, several readers and writers, end of file.
//@ files: memfs
#include "case.h"
int main(void) {
  char b[16];
  MUST(mkfifo("p", 0600));
  show("nonblocking writer without reader", open("p", O_WRONLY | O_NONBLOCK));
  int r = open("p", O_RDONLY | O_NONBLOCK);
  show("nonblocking reader", r);
  show("read without writer", read(r, b, 1));
  int w = open("p", O_WRONLY | O_NONBLOCK);
  show("now a writer", w);
  show("read empty", read(r, b, 1));
  write(w, "ab", 2);
  show("read", read(r, b, 16));
  close(w);
  show("end", read(r, b, 1));
  close(r);
  pid_t child = fork();
  if (child == 0) {
    int fd = (int)MUST(open("p", O_WRONLY));
    write(fd, "meeting", 7);
    _exit(0);
  }
  r = (int)MUST(open("p", O_RDONLY));
  show("met", read(r, b, 16));
  reap("child", child);
  show("end", read(r, b, 16));
  close(r);
  int both = open("p", O_RDWR);
  show("read-write does not block", both);
  write(both, "self", 4);
  show("from itself", read(both, b, 16));
  struct stat st;
  fstat(both, &st);
  say("fifo %d", S_ISFIFO(st.st_mode));
  show("seek", lseek(both, 0, SEEK_SET));
  show("truncate", ftruncate(both, 0));
  close(both);
  child = fork();
  if (child == 0) {
    signal(SIGALRM, SIG_DFL);
    alarm(1);
    open("p", O_RDONLY);
    _exit(0);
  }
  reap("alone it waits", child);
  return 0;
}
