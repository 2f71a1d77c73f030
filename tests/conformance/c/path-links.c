// Hard links and symlinks: counts, contents, limits, *at flags.
#include "case.h"
int main(void) {
  char b[64];
  struct stat st, other;
  put_file("f", "one");
  mkdir("d", 0755);
  symlink("f", "s");
  show("link", link("f", "g"));
  stat("f", &st);
  stat("g", &other);
  say("links %d same %d", (int)st.st_nlink, st.st_ino == other.st_ino);
  put_file("g", "changed");
  show_file("f");
  show("link directory", link("d", "dd"));
  show("link exists", link("f", "g"));
  show("link missing", link("none", "x"));
  show("link symlink itself", link("s", "s2"));
  lstat("s2", &st);
  say("is link %d links %d", S_ISLNK(st.st_mode), (int)st.st_nlink);
  show("link followed", linkat(AT_FDCWD, "s", AT_FDCWD, "h", AT_SYMLINK_FOLLOW));
  lstat("h", &st);
  say("is file %d links %d", S_ISREG(st.st_mode), (int)st.st_nlink);
  show("readlink", readlink("s", b, sizeof b));
  symlink("a/long/target/that/is/cut", "cut");
  show("readlink cut", readlink("cut", b, 5));
  say("%.5s", b);
  show("readlink file", readlink("f", b, sizeof b));
  show("readlink missing", readlink("none", b, sizeof b));
  lstat("cut", &st);
  say("size of link %ld", (long)st.st_size);
  unlink("f");
  stat("g", &st);
  say("links after unlink %d", (int)st.st_nlink);
  stat("d", &st);
  say("directory links %d", (int)st.st_nlink);
  mkdir("d/e", 0755);
  for (int i = 0; i < 45; i++) {
    char from[16], to[16];
    sprintf(from, "c%d", i);
    sprintf(to, i ? "c%d" : "g", i - 1);
    symlink(to, from);
  }
  show("40 links", open("c39", O_RDONLY) >= 0 ? 0 : -1);
  show("41 links", open("c40", O_RDONLY) >= 0 ? 0 : -1);
  return 0;
}
