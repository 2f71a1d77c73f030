// unlink, rmdir, unlinkat, remove: kinds, open files, working directory.
#include "case.h"
int main(void) {
  char b[10] = "";
  mkdir("d", 0755);
  put_file("d/f", "text");
  put_file("open", "kept");
  symlink("d", "l");
  symlink("none", "dangling");
  show("unlink directory", unlink("d"));
  show("rmdir full", rmdir("d"));
  show("rmdir file", rmdir("open"));
  show("rmdir link", rmdir("l"));
  show("rmdir link slash", rmdir("l/"));
  show("unlink link", unlink("l"));
  show("unlink dangling", unlink("dangling"));
  show("unlink missing", unlink("missing"));
  show("unlink slash", unlink("open/"));
  show("unlink d/f/", unlink("d/f/"));
  show("unlink empty", unlink(""));
  show("rmdir dot", rmdir("."));
  show("rmdir d/.", rmdir("d/."));
  show("rmdir d/..", rmdir("d/.."));
  show("rmdir root", rmdir("/"));
  int fd = open("open", O_RDWR);
  show("unlink open", unlink("open"));
  show("still there", pread(fd, b, 9, 0));
  struct stat st;
  fstat(fd, &st);
  say("links %d", (int)st.st_nlink);
  write(fd, "more", 4);
  show("grown", lseek(fd, 0, SEEK_END));
  show("link by /proc is gone", access("open", F_OK));
  show("unlinkat dir flag on file", unlinkat(AT_FDCWD, "d/f", AT_REMOVEDIR));
  show("unlinkat", unlinkat(AT_FDCWD, "d/f", 0));
  show("unlinkat flags", unlinkat(AT_FDCWD, "d", 12345 << 8));
  mkdir("w", 0755);
  chdir("w");
  show("remove cwd", rmdir("../w"));
  show("getcwd", getcwd((char[PATH_MAX]){0}, PATH_MAX) ? 0 : -1);
  show("create in removed", open("x", O_CREAT | O_WRONLY, 0600));
  show("mkdir in removed", mkdir("x", 0700));
  show("open .", open(".", O_RDONLY) >= 0 ? 0 : -1);
  show("chdir ..", chdir(".."));
  show("remove", remove("d"));
  return 0;
}
