// Everything at once for a while: forks, pipes, signals and threads, checked by sums.
#include <pthread.h>

#include "case.h"
static volatile sig_atomic_t ticks;
static void on(int signo) { ticks++; }
static int worker(int seed) {
  int p[2], sum = 0;
  MUST(pipe(p));
  for (int i = 0; i < 4; i++) {
    if (fork() == 0) {
      int v = seed * 10 + i;
      MUST(write(p[1], &v, sizeof v));
      _exit(i);
    }
  }
  close(p[1]);
  int v;
  for (;;) {
    ssize_t n = read(p[0], &v, sizeof v);
    if (n == -1 && errno == EINTR) continue;
    if (n != sizeof v) break;
    sum += v;
  }
  close(p[0]);
  for (int left = 4; left;) {
    if (wait(NULL) > 0)
      left--;
    else if (errno != EINTR)
      break;
  }
  return sum;
}
static void* counter(void* argument) {
  for (int i = 0; i < 100000; i++) __atomic_fetch_add((int*)argument, 1, __ATOMIC_SEQ_CST);
  return NULL;
}
int main(void) {
  catch_signal(SIGALRM, on, 0);
  struct itimerval t = {{0, 2000}, {0, 2000}};
  setitimer(ITIMER_REAL, &t, NULL);
  int total = 0, shared = 0;
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, counter, &shared);
  for (int round = 0; round < 50; round++) total += worker(round);
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  memset(&t, 0, sizeof t);
  setitimer(ITIMER_REAL, &t, NULL);
  say("total %d, counted %d, disturbed %s", total, shared, ticks > 3 ? "often" : "seldom");
  return 0;
}
