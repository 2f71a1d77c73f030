// chdir, getcwd, realpath, relative paths after moving the directory.
#include "case.h"
static const char* last(const char* path) { return path ? strrchr(path, '/') : "null"; }
int main(void) {
  char b[PATH_MAX];
  mkdir("a", 0755);
  mkdir("a/b", 0755);
  mkdir("z", 0755);
  symlink("a/b", "l");
  show("chdir", chdir("a/b"));
  say("%s", last(getcwd(b, sizeof b)));
  show("too small", getcwd(b, 3) ? 0 : -1);
  show("chdir ..", chdir(".."));
  say("%s", last(getcwd(b, sizeof b)));
  chdir("..");
  chdir("l");
  say("by link %s", last(getcwd(b, sizeof b)));
  rename("../../a", "../../z/moved");
  getcwd(b, sizeof b);
  say("moved along %s", last((strrchr(b, '/')[0] = 0, b)));
  put_file("here", "x");
  chdir("../../..");
  show("arrived", access("z/moved/b/here", F_OK));
  show("chdir file", chdir("z/moved/b/here"));
  show("chdir missing", chdir("none"));
  show("chdir empty", chdir(""));
  show("l dangles now", chdir("l"));
  say("realpath %s", last(realpath("z/../z/moved/./b", b)));
  say("realpath missing %s", realpath("none/x", b) ? "found" : error_name(errno));
  chdir("/");
  say("root [%s]", getcwd(b, sizeof b));
  chdir("..");
  say("above root [%s]", getcwd(b, sizeof b));
  return 0;
}
