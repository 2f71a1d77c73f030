// timer_create: one shot, periodic, overrun, sigval, deletion.
#include "case.h"
static volatile sig_atomic_t ticks, value;
static void on(int signo, siginfo_t* info, void* context) {
  ticks++;
  value = info->si_value.sival_int;
}
int main(void) {
  struct sigaction a;
  memset(&a, 0, sizeof a);
  a.sa_sigaction = on;
  a.sa_flags = SA_SIGINFO;
  sigaction(SIGUSR1, &a, NULL);
  struct sigevent event;
  memset(&event, 0, sizeof event);
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGUSR1;
  event.sigev_value.sival_int = 99;
  timer_t timer;
  show("create", timer_create(CLOCK_MONOTONIC, &event, &timer));
  struct itimerspec set = {{0, 0}, {0, 20000000}}, now;
  show("set", timer_settime(timer, 0, &set, NULL));
  show("get", timer_gettime(timer, &now));
  say("armed %d", now.it_value.tv_nsec > 0);
  while (!ticks) pause();
  say("value %d", value);
  set.it_interval.tv_nsec = 5000000;
  set.it_value.tv_nsec = 5000000;
  timer_settime(timer, 0, &set, NULL);
  while (ticks < 4) pause();
  show("delete", timer_delete(timer));
  int seen = ticks;
  sleep_ms(30);
  say("quiet %d", seen == ticks);
  show("bad clock", timer_create(9999, &event, &timer));
  return 0;
}
