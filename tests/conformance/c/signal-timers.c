// alarm, setitimer one-shot and periodic, getitimer, ITIMER_VIRTUAL, remaining time.
#include "case.h"
static volatile sig_atomic_t ticks;
static void on(int signo) { ticks++; }
int main(void) {
  catch_signal(SIGALRM, on, 0);
  catch_signal(SIGVTALRM, on, 0);
  show("no alarm before", alarm(100));
  show("the old one", alarm(0));
  struct itimerval timer = {{0, 10000}, {0, 10000}}, old;
  MUST(setitimer(ITIMER_REAL, &timer, NULL));
  while (ticks < 5) pause();
  memset(&timer, 0, sizeof timer);
  MUST(setitimer(ITIMER_REAL, &timer, &old));
  say("interval %ld", (long)old.it_interval.tv_usec);
  int seen = ticks;
  sleep_ms(40);
  say("stopped %s", ticks == seen ? "yes" : "no");
  MUST(getitimer(ITIMER_REAL, &old));
  say("left %ld.%06ld", (long)old.it_value.tv_sec, (long)old.it_value.tv_usec);
  ticks = 0;
  timer.it_value.tv_usec = 30000;
  int64_t start = now_ms();
  MUST(setitimer(ITIMER_REAL, &timer, NULL));
  while (!ticks) pause();
  say("one shot after %s", now_ms() - start >= 29 ? "30 ms" : "too short");
  ticks = 0;
  timer.it_value.tv_usec = 20000;
  MUST(setitimer(ITIMER_VIRTUAL, &timer, NULL));
  while (!ticks) {
  }
  say("virtual timer fired");
  pid_t child;
  alarm(50);
  child = fork();
  if (child == 0) {
    show("child's alarm", alarm(0));
    _exit(0);
  }
  reap("child", child);
  show("parent's alarm", alarm(0) > 0);
  timer.it_value.tv_usec = 2000000;
  show("bad value", setitimer(ITIMER_REAL, &timer, NULL));
  show("bad which", setitimer(9, &timer, NULL));
  return 0;
}
