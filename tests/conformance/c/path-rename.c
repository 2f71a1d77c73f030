// rename: files, directories, over each other, into itself, links, trailing slashes, flags.
#include "case.h"
static void move(const char* from, const char* to) {
  int r = rename(from, to);
  say("rename %s %s: %s", from, to, r ? error_name(errno) : "ok");
}
int main(void) {
  put_file("a", "a");
  put_file("b", "b");
  mkdir("d", 0755);
  mkdir("e", 0755);
  mkdir("full", 0755);
  put_file("full/x", "x");
  symlink("a", "l");
  link("a", "a2");
  move("a", "b");
  show_file("b");
  move("a", "c");
  move("b", "d");
  move("d", "b");
  move("d", "e");
  move("e", "full");
  move("full", "e");
  move("e", "e/sub");
  move("e", "e/x");
  move("e/x", "e");
  move("e/x", ".");
  move("e/.", "z");
  move("e/..", "z");
  move("l", "ll");
  say("link moved: %d", (int)readlink("ll", (char[10]){0}, 10));
  move("b", "b");
  move("a2", "b");
  show("same inode kept both", access("a2", F_OK));
  move("b/", "q");
  move("b", "q/");
  move("e/", "r/");
  move("r", "r");
  move("", "x");
  move("b", "");
  move("b", "none/x");
  move("b", "b/x");
  move("r/x", "out");
  show("renameat2 NOREPLACE", renameat2(AT_FDCWD, "out", AT_FDCWD, "b", RENAME_NOREPLACE));
  show("renameat2 EXCHANGE", renameat2(AT_FDCWD, "out", AT_FDCWD, "r", RENAME_EXCHANGE));
  show("renameat2 EXCHANGE missing", renameat2(AT_FDCWD, "b", AT_FDCWD, "none", RENAME_EXCHANGE));
  show("renameat2 flags", renameat2(AT_FDCWD, "b", AT_FDCWD, "none", 64));
  return 0;
}
