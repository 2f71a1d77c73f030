// utimensat, futimens, UTIME_NOW, UTIME_OMIT, times changed by writes, reads and chmod.
#include "case.h"
static void print(const char* what) {
  struct stat st;
  stat("f", &st);
  say("%s: %lld.%09ld %lld.%09ld", what, (long long)st.st_atim.tv_sec, st.st_atim.tv_nsec,
      (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}
int main(void) {
  put_file("f", "x");
  struct timespec t[2] = {{1000000000, 123456789}, {2000000000, 1}};
  show("utimensat", utimensat(AT_FDCWD, "f", t, 0));
  print("set");
  t[0].tv_nsec = UTIME_OMIT;
  t[1].tv_sec = 5;
  t[1].tv_nsec = 6;
  show("omit", utimensat(AT_FDCWD, "f", t, 0));
  print("omitted");
  int fd = open("f", O_RDWR);
  t[0].tv_nsec = 0;
  t[0].tv_sec = -5;
  show("negative", futimens(fd, t));
  print("negative");
  struct stat st, before;
  fstat(fd, &before);
  sleep_ms(20);
  write(fd, "y", 1);
  fstat(fd, &st);
  say("write moved mtime %d, ctime %d", st.st_mtim.tv_sec != 5,
      st.st_ctim.tv_sec != before.st_ctim.tv_sec || st.st_ctim.tv_nsec != before.st_ctim.tv_nsec);
  utimensat(AT_FDCWD, "f", t, 0);
  fstat(fd, &before);
  sleep_ms(20);
  fchmod(fd, 0600);
  fstat(fd, &st);
  say("chmod: mtime kept %d, ctime moved %d", st.st_mtim.tv_sec == 5,
      st.st_ctim.tv_nsec != before.st_ctim.tv_nsec || st.st_ctim.tv_sec != before.st_ctim.tv_sec);
  show("now", utimensat(AT_FDCWD, "f", NULL, 0));
  stat("f", &st);
  say("recent %d", llabs((long long)time(NULL) - st.st_mtim.tv_sec) < 100);
  t[0].tv_nsec = 2000000000;
  show("bad nanoseconds", utimensat(AT_FDCWD, "f", t, 0));
  symlink("f", "l");
  struct timespec l[2] = {{7, 0}, {8, 0}};
  show("link itself", utimensat(AT_FDCWD, "l", l, AT_SYMLINK_NOFOLLOW));
  lstat("l", &st);
  say("link mtime %lld", (long long)st.st_mtim.tv_sec);
  show("missing", utimensat(AT_FDCWD, "none", l, 0));
  mkdir("d", 0755);
  utimensat(AT_FDCWD, "d", l, 0);
  put_file("d/new", "x");
  stat("d", &st);
  say("directory mtime moved %d", st.st_mtim.tv_sec != 8);
  unlink("f");
  return 0;
}
