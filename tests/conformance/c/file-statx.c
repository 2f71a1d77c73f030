// stat fields: kinds, links, sizes, inode identity, device, block size; statx mask.
#include "case.h"
int main(void) {
  struct stat a, b;
  put_file("f", "12345");
  mkdir("d", 0755);
  symlink("f", "l");
  stat("f", &a);
  lstat("l", &b);
  say("file %d size %ld link %d size %ld", S_ISREG(a.st_mode), (long)a.st_size, S_ISLNK(b.st_mode),
      (long)b.st_size);
  stat("l", &b);
  say("followed: same inode %d same device %d", a.st_ino == b.st_ino, a.st_dev == b.st_dev);
  say("uid %d gid %d", a.st_uid == getuid(), a.st_gid == getgid());
  say("block size %d", a.st_blksize >= 512);
  rename("f", "g");
  stat("g", &b);
  say("inode kept by rename %d", a.st_ino == b.st_ino);
  int fd = open("g", O_RDONLY);
  fstat(fd, &b);
  say("fstat %d", a.st_ino == b.st_ino);
  stat("d", &a);
  stat("d/..", &b);
  stat(".", &a);
  say("dot dot %d", a.st_ino == b.st_ino);
  show("missing", stat("none", &a));
  show("bad fd", fstat(99, &a));
  struct statx x;
  show("statx", statx(AT_FDCWD, "g", 0, STATX_BASIC_STATS, &x));
  say("size %lld mode %o mask %d", (long long)x.stx_size, x.stx_mode,
      (x.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS);
  show("statx bad flags", statx(AT_FDCWD, "g", 0x80000, STATX_SIZE, &x));
  fstat(0, &a);
  fstat(1, &b);
  say("stdout is a pipe %d", S_ISFIFO(b.st_mode));
  stat("/", &a);
  stat("/..", &b);
  say("root above root %d", a.st_ino == b.st_ino);
  return 0;
}
