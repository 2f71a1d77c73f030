// A server polls many children's pipes until all have ended.
#include <poll.h>

#include "case.h"
int main(void) {
  enum { kKids = 25 };
  struct pollfd polls[kKids];
  for (int i = 0; i < kKids; i++) {
    int p[2];
    MUST(pipe(p));
    if (fork() == 0) {
      for (int j = 0; j < 10 + i; j++) {
        MUST(write(p[1], "message\n", 8));
        if (j % 5 == i % 5) sleep_ms(2);
      }
      _exit(0);
    }
    close(p[1]);
    polls[i] = (struct pollfd){p[0], POLLIN, 0};
  }
  long bytes = 0;
  int open_ones = kKids;
  while (open_ones) {
    MUST(poll(polls, kKids, -1));
    for (int i = 0; i < kKids; i++) {
      if (polls[i].fd < 0 || !polls[i].revents) continue;
      char b[64];
      ssize_t n = read(polls[i].fd, b, sizeof b);
      if (n <= 0) {
        close(polls[i].fd);
        polls[i].fd = -1;
        open_ones--;
      } else {
        bytes += n;
      }
    }
  }
  int ended = 0;
  while (wait(NULL) > 0) ended++;
  say("bytes %ld ended %d", bytes, ended);
  return 0;
}
