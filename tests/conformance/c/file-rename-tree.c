// A directory is moved while files below it are open and it is somebody's working directory.
#include "case.h"
int main(void) {
  mkdir("a", 0755);
  mkdir("a/b", 0755);
  mkdir("z", 0755);
  put_file("a/b/f", "before");
  int fd = (int)MUST(open("a/b/f", O_RDWR)), d = (int)MUST(open("a/b", O_RDONLY)), p[2], q[2];
  MUST(pipe(p));
  MUST(pipe(q));
  pid_t child = fork();
  if (child == 0) {
    chdir("a/b");
    give_turn(p[1]);
    await_turn(q[0]);
    show_file("f");
    put_file("new", "made by the child");
    show("up", access("../../zz", F_OK));
    _exit(0);
  }
  await_turn(p[0]);
  show("move", rename("a", "z/moved"));
  pwrite(fd, "after!", 6, 0);
  give_turn(q[1]);
  reap("child", child);
  show_file("z/moved/b/new");
  show("by descriptor", openat(d, "new", O_RDONLY) >= 0);
  show("into itself", rename("z", "z/moved/b/z"));
  show("parent into child", renameat(AT_FDCWD, "z/moved", d, "x"));
  show("old name", access("a", F_OK));
  return 0;
}
