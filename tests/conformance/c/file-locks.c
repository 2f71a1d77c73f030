// fcntl record locks: ranges, conflicts, F_GETLK, release by close and exit; flock.
#include <sys/file.h>

#include "case.h"
static int lock(int fd, int type, long start, long length, int command) {
  struct flock l = {.l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
  int r = fcntl(fd, command, &l);
  if (command == F_GETLK && r == 0)
    say("  held: type %d start %ld length %ld", l.l_type, (long)l.l_start, (long)l.l_len);
  return r;
}
int main(void) {
  put_file("f", "0123456789");
  int fd = open("f", O_RDWR), p[2], q[2];
  MUST(pipe(p));
  MUST(pipe(q));
  show("write lock 0-4", lock(fd, F_WRLCK, 0, 5, F_SETLK));
  pid_t child = fork();
  if (child == 0) {
    int own = open("f", O_RDWR);
    show("child overlapping", lock(own, F_WRLCK, 3, 4, F_SETLK));
    show("child asks", lock(own, F_WRLCK, 0, 0, F_GETLK));
    show("child beside", lock(own, F_WRLCK, 5, 5, F_SETLK));
    show("child read overlap", lock(own, F_RDLCK, 0, 1, F_SETLK));
    give_turn(p[1]);
    show("child waits", lock(own, F_WRLCK, 0, 5, F_SETLKW));
    give_turn(p[1]);
    await_turn(q[0]);
    _exit(0);
  }
  await_turn(p[0]);
  show("parent cannot have", lock(fd, F_WRLCK, 5, 1, F_SETLK));
  sleep_ms(30);
  show("unlock", lock(fd, F_UNLCK, 0, 0, F_SETLK));
  await_turn(p[0]);
  show("parent now", lock(fd, F_RDLCK, 0, 0, F_SETLK));
  give_turn(q[1]);
  reap("child", child);
  show("after exit", lock(fd, F_WRLCK, 0, 0, F_SETLK));
  close(open("f", O_RDONLY));
  child = fork();
  if (child == 0) {
    show("closing any descriptor releases", lock(fd, F_WRLCK, 0, 0, F_SETLK));
    _exit(0);
  }
  reap("child", child);
  int ro = open("f", O_RDONLY);
  show("write lock on read-only", lock(ro, F_WRLCK, 0, 1, F_SETLK));
  show("bad type", lock(fd, 77, 0, 1, F_SETLK));
  show("flock", flock(fd, LOCK_EX));
  show("flock by another open", flock(ro, LOCK_EX | LOCK_NB));
  show("flock by dup", flock(dup(fd), LOCK_EX | LOCK_NB));
  show("unlock", flock(fd, LOCK_UN));
  show("now", flock(ro, LOCK_SH | LOCK_NB));
  show("both share", flock(fd, LOCK_SH | LOCK_NB));
  show("upgrade", flock(fd, LOCK_EX | LOCK_NB));
  return 0;
}
