// A periodic timer with SA_RESTART disturbs a long transfer without harming it.
#include "case.h"
static volatile sig_atomic_t ticks;
static void on(int signo) { ticks++; }
int main(void) {
  int p[2];
  MUST(pipe(p));
  pid_t child = fork();
  if (child == 0) {
    close(p[0]);
    unsigned char block[1000];
    for (int i = 0; i < 3000; i++) {
      for (int j = 0; j < 1000; j++) block[j] = (unsigned char)(i * 7 + j);
      for (size_t at = 0; at < sizeof block;)
        at += (size_t)MUST(write(p[1], block + at, sizeof block - at));
      if (i % 300 == 0) sleep_ms(5);
    }
    _exit(0);
  }
  close(p[1]);
  catch_signal(SIGALRM, on, SA_RESTART);
  struct itimerval timer = {{0, 1000}, {0, 1000}};
  setitimer(ITIMER_REAL, &timer, NULL);
  unsigned char block[777];
  long total = 0;
  int wrong = 0;
  ssize_t n;
  while ((n = read(p[0], block, sizeof block)) > 0)
    for (ssize_t i = 0; i < n; i++, total++)
      if (block[i] != (unsigned char)(total / 1000 * 7 + total % 1000)) wrong++;
  say("read %ld, wrong %d, last %zd, disturbed %s", total, wrong, n,
      ticks > 5 ? "often" : "seldom");
  memset(&timer, 0, sizeof timer);
  setitimer(ITIMER_REAL, &timer, NULL);
  reap("child", child);
  return 0;
}
