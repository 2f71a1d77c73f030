// F_SETLKW finds deadlocks; open file description locks.
#include "case.h"
static int lock(int fd, int type, long start, int command) {
  struct flock l = {.l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = 1};
  return fcntl(fd, command, &l);
}
int main(void) {
  put_file("f", "0123456789");
  int fd = open("f", O_RDWR), p[2];
  MUST(pipe(p));
  MUST(lock(fd, F_WRLCK, 0, F_SETLK));
  pid_t child = fork();
  if (child == 0) {
    MUST(lock(fd, F_WRLCK, 1, F_SETLK));
    give_turn(p[1]);
    int r = lock(fd, F_WRLCK, 0, F_SETLKW);
    say("child got it: %s", r ? error_name(errno) : "yes");
    _exit(0);
  }
  await_turn(p[0]);
  sleep_ms(50);
  show("parent", lock(fd, F_WRLCK, 1, F_SETLKW));
  show("give way", lock(fd, F_UNLCK, 0, F_SETLK));
  reap("child", child);
  int a = open("f", O_RDWR), b = open("f", O_RDWR);
  show("OFD a", lock(a, F_WRLCK, 5, F_OFD_SETLK));
  show("OFD b", lock(b, F_WRLCK, 5, F_OFD_SETLK));
  close(a);
  show("OFD b after close", lock(b, F_WRLCK, 5, F_OFD_SETLK));
  return 0;
}
