// Blocking calls return EINTR without SA_RESTART and go on with it.
#include <poll.h>
#include <sys/select.h>

#include "case.h"
static int p[2];
static void on(int signo) {}
// Interrupts the parent after a while, again and again, then lets the call end.
static pid_t disturb(int times) {
  pid_t parent = getpid(), child = fork();
  if (child == 0) {
    for (int i = 0; i < times; i++) {
      sleep_ms(30);
      kill(parent, SIGUSR1);
    }
    sleep_ms(30);
    write(p[1], "x", 1);
    _exit(0);
  }
  return child;
}
int main(void) {
  char byte;
  int status;
  MUST(pipe(p));
  catch_signal(SIGUSR1, on, 0);
  pid_t child = disturb(1);
  show("read", read(p[0], &byte, 1));
  show("read again", read(p[0], &byte, 1));
  reap("child", child);
  catch_signal(SIGUSR1, on, SA_RESTART);
  child = disturb(3);
  show("read restarted", read(p[0], &byte, 1));
  reap("child", child);
  catch_signal(SIGUSR1, on, 0);
  child = disturb(1);
  show("waitpid", waitpid(child, &status, 0));
  show("waitpid again", waitpid(child, &status, 0) == child);
  read(p[0], &byte, 1);
  struct pollfd poller = {p[0], POLLIN, 0};
  catch_signal(SIGUSR1, on, SA_RESTART);  // poll never restarts
  child = disturb(1);
  show("poll", poll(&poller, 1, 5000));
  show("poll again", poll(&poller, 1, 5000));
  read(p[0], &byte, 1);
  reap("child", child);
  child = disturb(1);
  fd_set set;
  FD_ZERO(&set);
  FD_SET(p[0], &set);
  show("select", select(p[0] + 1, &set, NULL, NULL, NULL));
  read(p[0], &byte, 1);
  reap("child", child);
  child = disturb(1);
  struct timespec wanted = {5, 0}, left = {0, 0};
  show("nanosleep", nanosleep(&wanted, &left));
  say("left %s", left.tv_sec == 4 ? "about 4 s" : "wrong");
  kill(child, SIGKILL);
  reap("child", child);
  child = disturb(1);
  show("pause", pause());
  reap("child", child);
  return 0;
}
