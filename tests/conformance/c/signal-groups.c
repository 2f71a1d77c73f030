// kill by group, to all of a group, EPERM and ESRCH, setpgid rules.
#include "case.h"
int main(void) {
  pid_t kids[3];
  int p[2];
  MUST(pipe(p));
  for (int i = 0; i < 3; i++) {
    kids[i] = fork();
    if (kids[i] == 0) {
      setpgid(0, i == 0 ? 0 : kids[0]);
      give_turn(p[1]);
      pause();
      _exit(0);
    }
    setpgid(kids[i], kids[0]);
    await_turn(p[0]);
  }
  say("group of 2: %s", getpgid(kids[2]) == kids[0] ? "first child's" : "other");
  show("probe", kill(-kids[0], 0));
  show("kill", kill(-kids[0], SIGTERM));
  for (int i = 0; i < 3; i++) reap("kid", kids[i]);
  show("gone group", kill(-kids[0], 0));
  show("gone process", kill(kids[0], 0));
  show("bad signal", kill(getpid(), 12345));
  show("negative signal", kill(getpid(), -1));
  pid_t child = fork();
  if (child == 0) {
    setsid();
    give_turn(p[1]);
    pause();
  }
  await_turn(p[0]);
  show("setpgid over sessions", setpgid(child, getpgrp()));
  show("setpgid of a leader", setpgid(child, child));
  show("setpgid to nowhere", setpgid(0, 99999));
  show("setpgid negative", setpgid(0, -1));
  show("setpgid of no child", setpgid(99999, 0));
  kill(child, SIGKILL);
  reap("session leader", child);
  show("getpgid gone", getpgid(child));
  show("getsid me", getsid(0) > 0);
  return 0;
}
