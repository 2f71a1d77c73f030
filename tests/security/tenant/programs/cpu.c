// cpu ATTACK: wants all the time it can get, and never gives any back.
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int loop(void) {
  for (volatile unsigned i = 0;; i++) {
  }
}

// One basic block of 20,000 instructions, and nothing that asks the kernel for anything. (To compile
// a larger one takes more memory than there is.)
static int block(void) {
  uint64_t value = UINT64_MAX;
  for (;;)
    __asm__ volatile(
        ".rept 5000\n"
        "local.get %0\n"
        "i64.const 0x123456789\n"
        "i64.rem_u\n"
        "local.set %0\n"
        ".endr"
        : "+r"(value));
}

// Timers that are due again before they were served.
static void ignore(int signo) { (void)signo; }
static int timers(void) {
  for (int signo = SIGRTMIN; signo < SIGRTMAX; signo++) signal(signo, ignore);
  signal(SIGALRM, ignore);
  int made = 0;
  for (int i = 0; i < 100000; i++) {
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
                             .sigev_signo = SIGRTMIN + i % (SIGRTMAX - SIGRTMIN)};
    const struct itimerspec soon = {{0, 1}, {0, 1}};
    timer_t timer;
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) break;
    if (timer_settime(timer, 0, &soon, NULL) != 0) break;
    made++;
  }
  const struct itimerval often = {{0, 1}, {0, 1}};
  setitimer(ITIMER_REAL, &often, NULL);
  fprintf(stderr, "%d timers\n", made);
  for (;;) pause();
}

// Two processes that send each other signals, and queue them for themselves.
static int signals(void) {
  for (int signo = SIGRTMIN; signo < SIGRTMAX; signo++) signal(signo, ignore);
  const pid_t parent = getpid(), child = fork();
  const pid_t other = child == 0 ? parent : child;
  const union sigval value = {.sival_int = 1};
  for (int i = 0;; i++) {
    kill(other, SIGRTMIN);
    sigqueue(getpid(), SIGRTMIN + 1 + i % 8, value);
    if (i % 1000 == 0) kill(0, SIGRTMIN + 9);
  }
}

static int small(int n) { return n < 0 ? 0 : n % 7 - small(n + 1) / 3; }
static int large(int n) {
  if (n < 0) return 0;
  volatile char frame[8192];
  frame[n & 8191] = (char)n;
  return large(n + 1) + frame[(n * 7) & 8191];
}

int main(int argc, char **argv) {
  const char *attack = argc > 1 ? argv[1] : "";
  if (strcmp(attack, "loop") == 0) return loop();
  if (strcmp(attack, "block") == 0) return block();
  if (strcmp(attack, "timers") == 0) return timers();
  if (strcmp(attack, "signals") == 0) return signals();
  if (strcmp(attack, "frames") == 0) return small(0);
  if (strcmp(attack, "stack") == 0) return large(0);
  return 2;
}
