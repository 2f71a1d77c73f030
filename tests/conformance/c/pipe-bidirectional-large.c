// Two processes that both write more than a pipe holds, read and write in turn by poll.
#include <poll.h>

#include "case.h"
static void pump(int in, int out, unsigned char base) {
  static unsigned char block[8192];
  long sent = 0, got = 0, wrong = 0;
  enum { kAll = 1000000 };
  fcntl(in, F_SETFL, O_NONBLOCK);
  fcntl(out, F_SETFL, O_NONBLOCK);
  while (sent < kAll || got < kAll) {
    struct pollfd polls[2] = {{got < kAll ? in : -1, POLLIN, 0},
                              {sent < kAll ? out : -1, POLLOUT, 0}};
    MUST(poll(polls, 2, -1));
    if (polls[0].revents) {
      ssize_t n = read(in, block, sizeof block);
      for (ssize_t i = 0; i < n; i++, got++)
        if (block[i] != (unsigned char)((base ^ 1) + got % 251)) wrong++;
    }
    if (polls[1].revents) {
      size_t want = sizeof block < (size_t)(kAll - sent) ? sizeof block : (size_t)(kAll - sent);
      for (size_t i = 0; i < want; i++) block[i] = (unsigned char)(base + (sent + (long)i) % 251);
      ssize_t n = write(out, block, want);
      if (n > 0) sent += n;
    }
  }
  if (base & 1) _exit(wrong ? 1 : 0);
  say("sent %ld, got %ld, wrong %ld", sent, got, wrong);
}
int main(void) {
  int there[2], back[2];
  MUST(pipe(there));
  MUST(pipe(back));
  pid_t child = fork();
  if (child == 0) pump(there[0], back[1], 1);
  pump(back[0], there[1], 0);
  reap("child", child);
  return 0;
}
