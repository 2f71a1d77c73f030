// pidfd: poll, waitid by it, signals, a process that is gone.
#include <poll.h>
#include <sys/syscall.h>

#include "case.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static int pidfd_open(pid_t pid, unsigned flags) { return (int)syscall(SYS_pidfd_open, pid, flags); }
static int send_signal(int fd, int signo) {
  return (int)syscall(SYS_pidfd_send_signal, fd, signo, NULL, 0);
}

int main(void) {
  show("pid 0", pidfd_open(0, 0));
  show("negative", pidfd_open(-1, 0));
  show("bad flags", pidfd_open(getpid(), 1));
  show("nobody", pidfd_open(4000000, 0));
  show("not a pidfd", send_signal(1, 0));
  int go[2];
  MUST(pipe(go));
  pid_t child = fork();
  if (child == 0) {
    await_turn(go[0]);
    _exit(5);
  }
  int fd = pidfd_open(child, 0);
  say("close on exec %d", fcntl(fd, F_GETFD));
  struct pollfd entry = {fd, POLLIN, 0};
  show("lives", poll(&entry, 1, 0));
  show("signal 0", send_signal(fd, 0));
  show("bad signal", send_signal(fd, 99));
  char bytes[8];
  show("read", read(fd, bytes, 8));
  siginfo_t info = {0};
  int nonblocking = pidfd_open(child, O_NONBLOCK);
  show("would block", waitid(P_PIDFD, (id_t)nonblocking, &info, WEXITED));
  give_turn(go[1]);
  show("poll", poll(&entry, 1, 5000));
  show("zombie takes signals", send_signal(fd, SIGTERM));
  show("waitid", waitid(P_PIDFD, (id_t)fd, &info, WEXITED));
  say("status %d code %d child %d", info.si_status, info.si_code, info.si_pid == child);
  show("gone", send_signal(fd, 0));
  show("waitid", waitid(P_PIDFD, (id_t)fd, &info, WEXITED));
  show("waitid of no pidfd", waitid(P_PIDFD, 1, &info, WEXITED));
  show("waitid of a closed one", waitid(P_PIDFD, 99, &info, WEXITED));
  say("poll %d", poll(&entry, 1, 0));
  child = fork();
  if (child == 0)
    for (;;) pause();
  fd = pidfd_open(child, 0);
  show("kill", send_signal(fd, SIGTERM));
  reap("child", child);
  return 0;
}
