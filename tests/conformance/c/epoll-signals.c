// epoll_pwait and epoll_pwait2: the signal mask while waiting, interruption, time-outs.
#include <sys/epoll.h>
#include <sys/syscall.h>

#include "case.h"

static volatile sig_atomic_t caught;
static void on_signal(int signo) {
  (void)signo;
  caught++;
}
static long pwait2(int set, struct epoll_event* events, int most, const struct timespec* timeout,
                   const sigset_t* mask) {
  struct {
    int64_t seconds, nanoseconds;
  } wanted = {timeout ? timeout->tv_sec : 0, timeout ? timeout->tv_nsec : 0};
  return syscall(SYS_epoll_pwait2, set, events, most, timeout ? &wanted : NULL, mask, (size_t)8);
}

int main(void) {
  int set = epoll_create1(0), pipes[2];
  MUST(pipe(pipes));
  struct epoll_event event = {EPOLLIN, {.fd = 7}}, events[4];
  epoll_ctl(set, EPOLL_CTL_ADD, pipes[0], &event);
  catch_signal(SIGUSR1, on_signal, SA_RESTART);
  sigset_t block, empty, mask;
  sigemptyset(&empty);
  sigemptyset(&block);
  sigaddset(&block, SIGUSR1);

  pid_t parent = getpid(), child = fork();
  if (child == 0) {
    sleep_ms(30);
    kill(parent, SIGUSR1);
    _exit(0);
  }
  show("interrupted", epoll_wait(set, events, 4, 5000));
  say("caught %d", (int)caught);
  reap("child", child);

  sigprocmask(SIG_BLOCK, &block, NULL);
  raise(SIGUSR1);
  say("blocked %d", (int)caught);
  show("the mask lets it in", epoll_pwait(set, events, 4, 5000, &empty));
  say("caught %d", (int)caught);
  sigprocmask(SIG_SETMASK, NULL, &mask);
  say("blocked again %d", sigismember(&mask, SIGUSR1));
  raise(SIGUSR1);
  write(pipes[1], "x", 1);
  show("an event goes first", epoll_pwait(set, events, 4, 5000, &block));
  say("caught %d", (int)caught);
  sigprocmask(SIG_UNBLOCK, &block, NULL);
  say("caught %d", (int)caught);

  struct timespec none = {0, 0}, some = {0, 40000000}, bad = {0, 1000000000};
  show("pwait2 ready", pwait2(set, events, 4, NULL, NULL));
  char byte;
  read(pipes[0], &byte, 1);
  show("pwait2 at once", pwait2(set, events, 4, &none, NULL));
  int64_t start = now_ms();
  show("pwait2 time-out", pwait2(set, events, 4, &some, &block));
  say("waited %d", now_ms() - start >= 39);
  show("pwait2 bad time", pwait2(set, events, 4, &bad, NULL));
  show("bad size of the mask",
       syscall(SYS_epoll_pwait2, set, events, 4, NULL, &block, (size_t)7));
  return 0;
}
