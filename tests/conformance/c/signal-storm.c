// Thousands of signals between two processes, none lost where each waits for the other.
#include "case.h"
static volatile sig_atomic_t count;
static void on(int signo) { count++; }
int main(void) {
  enum { kRounds = 2000 };
  sigset_t block, none;
  sigemptyset(&none);
  sigemptyset(&block);
  sigaddset(&block, SIGUSR1);
  sigprocmask(SIG_BLOCK, &block, NULL);
  catch_signal(SIGUSR1, on, 0);
  pid_t parent = getpid(), child = fork();
  pid_t other = child ? child : parent;
  for (int i = 0; i < kRounds; i++) {
    if (child) kill(other, SIGUSR1);
    int before = count;
    while (count == before) sigsuspend(&none);
    if (!child) kill(other, SIGUSR1);
  }
  if (child == 0) _exit(count == kRounds ? 0 : 1);
  say("parent counted %d", count);
  reap("child", child);
  return 0;
}
