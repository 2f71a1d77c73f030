// openat and friends: relative to a descriptor, bad descriptors, absolute, AT_EMPTY_PATH.
#include "case.h"
int main(void) {
  struct stat st;
  mkdir("d", 0755);
  put_file("d/f", "in d");
  put_file("f", "top");
  int d = (int)MUST(open("d", O_RDONLY | O_DIRECTORY)), f = (int)MUST(open("f", O_RDONLY));
  int path = (int)MUST(open("d", O_PATH));
  show("openat", openat(d, "f", O_RDONLY));
  show("openat by O_PATH", openat(path, "f", O_RDONLY));
  show("openat file", openat(f, "x", O_RDONLY));
  show("openat bad", openat(99, "f", O_RDONLY));
  show("openat bad but absolute", openat(99, "/dev/null", O_RDONLY));
  show("openat up", openat(d, "../f", O_RDONLY));
  show("fstatat", fstatat(d, "f", &st, 0));
  say("size %ld", (long)st.st_size);
  show("empty path", fstatat(d, "", &st, 0));
  show("AT_EMPTY_PATH", fstatat(f, "", &st, AT_EMPTY_PATH));
  say("size %ld", (long)st.st_size);
  show("bad flags", fstatat(d, "f", &st, 0x40000000));
  show("mkdirat", mkdirat(d, "sub", 0700));
  show("symlinkat", symlinkat("f", d, "l"));
  show("fstatat nofollow", fstatat(d, "l", &st, AT_SYMLINK_NOFOLLOW));
  say("link %d", S_ISLNK(st.st_mode));
  show("renameat", renameat(d, "f", AT_FDCWD, "moved"));
  show("linkat", linkat(AT_FDCWD, "moved", d, "back", 0));
  show("faccessat", faccessat(d, "back", R_OK, 0));
  show("fchmodat", fchmodat(d, "back", 0600, 0));
  char b[8];
  show("readlinkat", readlinkat(d, "l", b, 8));
  show("unlinkat dir", unlinkat(d, "sub", AT_REMOVEDIR));
  show("read from O_PATH", read(path, b, 1));
  show("fchdir", fchdir(d));
  show("now here", access("back", F_OK));
  show("fchdir file", fchdir(f));
  show("fchdir O_PATH", fchdir(path));
  return 0;
}
