// Which error wins when several things are wrong at once.
#include "case.h"
int main(void) {
  char b[8];
  mkdir("d", 0755);
  put_file("f", "x");
  show("read: bad fd, zero size", read(99, b, 0));
  show("rename file onto full directory", (mkdir("d/x", 0700), rename("f", "d")));
  show("rename directory onto file", rename("d", "f"));
  show("mkdir below a file", mkdir("f/x", 0755));
  show("rmdir dot of missing", rmdir("none/."));
  show("open directory to write with O_TRUNC", open("d", O_WRONLY | O_TRUNC));
  show("open missing with O_DIRECTORY", open("none", O_DIRECTORY | O_RDONLY));
  show("unlink root", unlink("/"));
  show("link missing onto existing", link("none", "f"));
  show("symlink into missing", symlink("x", "none/y"));
  show("truncate directory", truncate("d", 0));
  show("lseek bad fd bad whence", lseek(99, 0, 99));
  show("dup2 bad both", dup2(99, 100000));
  show("kill nobody bad signal", kill(99999, 999));
  show("waitpid bad options", waitpid(99999, NULL, 0xffff));
  show("chdir below a file", chdir("f/.."));
  show("access below a file", access("f/.", F_OK));
  show("mkfifo in missing", mkfifo("none/p", 0600));
  return 0;
}
