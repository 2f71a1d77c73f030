// signalfd: what a record says, several at once, poll and epoll, a new mask, threads' own signals.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include "case.h"

static void take(const char* what, int fd) {
  struct signalfd_siginfo infos[4];
  ssize_t n = read(fd, infos, sizeof infos);
  if (n < 0) {
    show(what, -1);
    return;
  }
  say("%s: %d", what, (int)(n / (ssize_t)sizeof infos[0]));
  for (size_t i = 0; i < (size_t)n / sizeof infos[0]; i++) {
    const struct signalfd_siginfo* info = &infos[i];
    say("  %s code %d mine %d uid %d value %d", signal_name((int)info->ssi_signo), info->ssi_code,
        info->ssi_pid == (uint32_t)getpid(), info->ssi_uid == getuid(), info->ssi_int);
  }
}

int main(void) {
  say("size %d", (int)sizeof(struct signalfd_siginfo));
  sigset_t mask, usr1;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR1);
  sigaddset(&mask, SIGUSR2);
  sigaddset(&mask, SIGCHLD);
  sigaddset(&mask, SIGRTMIN);
  sigaddset(&mask, SIGKILL);
  sigprocmask(SIG_BLOCK, &mask, NULL);
  show("bad flags", signalfd(-1, &mask, 1));
  show("closed", signalfd(99, &mask, 0));
  show("no signalfd", signalfd(1, &mask, 0));
  int fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
  say("flags %d", fcntl(fd, F_GETFD));
  take("none", fd);
  char small[64];
  show("short", read(fd, small, sizeof small));
  struct pollfd entry = {fd, POLLIN, 0};
  show("poll", poll(&entry, 1, 0));
  raise(SIGUSR2);
  kill(getpid(), SIGUSR1);
  kill(getpid(), SIGUSR1);
  show("poll", poll(&entry, 1, 0));
  take("two", fd);
  take("none", fd);
  union sigval value = {.sival_int = 42};
  sigqueue(getpid(), SIGRTMIN, value);
  value.sival_int = 43;
  sigqueue(getpid(), SIGRTMIN, value);
  struct signalfd_siginfo info;
  read(fd, &info, sizeof info);
  say("queued %d code %d", info.ssi_int, info.ssi_code);
  read(fd, &info, sizeof info);
  say("queued %d", info.ssi_int);

  pid_t child = fork();
  if (child == 0) _exit(3);
  show("poll", poll(&entry, 1, 5000));
  read(fd, &info, sizeof info);
  say("child %d code %d status %d", info.ssi_pid == (uint32_t)child, info.ssi_code,
      info.ssi_status);
  reap("child", child);

  // Only what the new mask has.
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  raise(SIGUSR2);
  show("new mask", signalfd(fd, &usr1, 0) == fd);
  take("other signal", fd);
  sigset_t pending;
  sigpending(&pending);
  say("still pending %d", sigismember(&pending, SIGUSR2));
  show("old mask", signalfd(fd, &mask, 0) == fd);
  take("there", fd);

  int poller = epoll_create1(0);
  struct epoll_event event = {EPOLLIN, {.fd = fd}}, got;
  show("epoll", epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event));
  show("nothing", epoll_wait(poller, &got, 1, 0));
  pid_t parent = getpid();
  child = fork();
  if (child == 0) {
    sleep_ms(20);
    kill(parent, SIGUSR1);
    _exit(0);
  }
  show("epoll", epoll_wait(poller, &got, 1, 5000));
  read(fd, &info, sizeof info);
  say("%s from the child %d", signal_name((int)info.ssi_signo), info.ssi_pid == (uint32_t)child);
  reap("child", child);
  poll(&entry, 1, 5000);
  read(fd, &info, sizeof info);
  say("%s", signal_name((int)info.ssi_signo));

  // A blocking read; the signals of whoever reads.
  int blocking = signalfd(-1, &mask, 0);
  child = fork();
  if (child == 0) {
    kill(getpid(), SIGUSR2);
    read(blocking, &info, sizeof info);
    _exit(info.ssi_signo == SIGUSR2 && info.ssi_pid == (uint32_t)getpid() ? 7 : 1);
  }
  reap("in a child", child);
  return 0;
}
