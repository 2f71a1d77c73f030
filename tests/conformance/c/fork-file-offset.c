// Parent and child share the offset of an inherited descriptor, not of one opened again.
#include "case.h"
int main(void) {
  put_file("f", "0123456789abcdef");
  int fd = (int)MUST(open("f", O_RDONLY));
  char b[5] = "";
  MUST(read(fd, b, 4));
  pid_t child = fork();
  if (child == 0) {
    MUST(read(fd, b, 4));
    say("child reads %s", b);
    int own = (int)MUST(open("f", O_RDONLY));
    MUST(read(own, b, 4));
    say("its own reads %s", b);
    MUST(lseek(fd, 12, SEEK_SET));
    _exit(0);
  }
  waitpid(child, NULL, 0);
  MUST(read(fd, b, 4));
  say("parent goes on with %s", b);
  show("offset", lseek(fd, 0, SEEK_CUR));
  return 0;
}
