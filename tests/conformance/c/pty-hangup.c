// The master of a pty closes: who is told, what is left of the terminal, and what follows when the
// session's leader ends. Signals stay blocked and are looked at between turns, and nobody waits in
// a read: so there is one outcome only.
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "case.h"
enum { kLeader, kForeground, kBackground, kMembers };
static const char* const names[] = {"leader", "foreground", "background"};
static int turn[kMembers][2], done[2], born[2];
static int master, tty;
static char path[64];

static void show_pending(int who) {
  sigset_t pending;
  sigpending(&pending);
  say("%s: SIGHUP %d SIGCONT %d", names[who], sigismember(&pending, SIGHUP),
      sigismember(&pending, SIGCONT));
}
// A process other than the leader: shows what is pending each time it is asked.
static void member(int who) {
  setpgid(0, 0);
  give_turn(born[1]);
  for (int round = 0; round < 2; round++) {
    await_turn(turn[who][0]);
    show_pending(who);
    give_turn(done[1]);
  }
  _exit(0);
}
static void show_terminal(void) {
  char byte;
  struct termios t;
  show("read", read(tty, &byte, 1));
  show("write", write(tty, "x", 1));
  show("tcgetattr", tcgetattr(tty, &t));
  show("tcgetpgrp", tcgetpgrp(tty));
  show("tcsetpgrp", tcsetpgrp(tty, getpgrp()));
  say("isatty %d", isatty(tty));
  struct pollfd ready = {tty, POLLIN | POLLOUT, 0};
  poll(&ready, 1, 0);
  say("poll in %d out %d err %d hup %d", !!(ready.revents & POLLIN), !!(ready.revents & POLLOUT),
      !!(ready.revents & POLLERR), !!(ready.revents & POLLHUP));
  show("/dev/tty", open("/dev/tty", O_RDWR));
  show("the slave again", open(path, O_RDWR));
}
static void leader(void) {
  MUST(setsid());
  close(master);
  tty = (int)MUST(open(path, O_RDWR));
  if (tcgetsid(tty) != getsid(0)) MUST(ioctl(tty, TIOCSCTTY, 0));
  pid_t foreground = 0;
  for (int who = kForeground; who < kMembers; who++) {
    const pid_t pid = fork();
    if (pid == 0) member(who);
    if (who == kForeground) foreground = pid;
    await_turn(born[0]);
  }
  MUST(tcsetpgrp(tty, foreground));
  say("foreground is %d", tcgetpgrp(tty) == foreground);
  give_turn(done[1]);
  await_turn(turn[kLeader][0]);
  show_pending(kLeader);
  show_terminal();
  give_turn(done[1]);
  await_turn(turn[kLeader][0]);
  _exit(3);
}
static void ask(int who) {
  give_turn(turn[who][1]);
  await_turn(done[0]);
}
int main(void) {
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGHUP);
  sigaddset(&blocked, SIGCONT);
  sigaddset(&blocked, SIGTTOU);  // the leader is not in the foreground any more when it writes
  sigprocmask(SIG_BLOCK, &blocked, NULL);
  for (int who = 0; who < kMembers; who++) MUST(pipe(turn[who]));
  MUST(pipe(done));
  MUST(pipe(born));
  master = (int)MUST(posix_openpt(O_RDWR | O_NOCTTY));
  unlockpt(master);
  snprintf(path, sizeof path, "%s", ptsname(master));
  const pid_t child = fork();
  if (child == 0) leader();
  await_turn(done[0]);
  close(master);
  say("-- the master closed");
  for (int who = 0; who < kMembers; who++) ask(who);
  give_turn(turn[kLeader][1]);
  reap("leader", child);
  say("-- the leader ended");
  for (int who = kForeground; who < kMembers; who++) ask(who);
  return 0;
}
