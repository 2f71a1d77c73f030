// Creating through every kind of path: O_CREAT, O_EXCL, symlinks, trailing slashes.
#include "case.h"
static void create(const char* path, int flags) {
  int fd = open(path, O_CREAT | O_WRONLY | flags, 0640);
  say("create %s%s: %s", path, flags & O_EXCL ? " excl" : "", fd < 0 ? error_name(errno) : "ok");
  if (fd >= 0) close(fd);
}
int main(void) {
  mkdir("d", 0755);
  put_file("f", "old");
  symlink("target", "dangling");
  symlink("f", "lf");
  symlink("d", "ld");
  symlink("loop", "loop");
  create("new", 0);
  create("new", O_EXCL);
  create("f", O_EXCL);
  create("dangling", O_EXCL);
  create("lf", O_EXCL);
  create("dangling", 0);
  create("dangling", O_NOFOLLOW);
  create("d", 0);
  create("d", O_EXCL);
  create("slash/", 0);
  create("d/", 0);
  create("f/", 0);
  create("f/x", 0);
  create("no/x", 0);
  create("", 0);
  create(".", 0);
  create("..", O_EXCL);
  create("loop", 0);
  create("ld/in", 0);
  create("d/../beside", 0);
  create("/", 0);
  show("O_CREAT|O_DIRECTORY on file", open("f", O_CREAT | O_DIRECTORY, 0600));
  show_file("f");
  int fd = open("f", O_WRONLY | O_TRUNC);
  show("truncated", lseek(fd, 0, SEEK_END));
  show("mkdir exists", mkdir("d", 0755));
  show("mkdir on file", mkdir("f", 0755));
  show("mkdir dangling", mkdir("lm", 0755));
  show("mkdir slash", mkdir("md/", 0755));
  show("mkdir dot", mkdir(".", 0755));
  show("mkdir x/.", mkdir("none/.", 0755));
  show("mkdir deep", mkdir("a/b", 0755));
  show("mkfifo exists", mkfifo("f", 0600));
  show("symlink exists", symlink("x", "f"));
  show("symlink empty", symlink("", "emptylink"));
  show("symlink slash", symlink("x", "sl/"));
  return 0;
}
