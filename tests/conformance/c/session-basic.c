// setsid, getsid, process groups, controlling terminal by default.
#include "case.h"
int main(void) {
  pid_t child = fork();
  if (child == 0) {
    say("inherits group %d", getpgrp() == getpgid(getppid()));
    show("setsid", setsid() == getpid());
    say("leader of all %d %d", getpgrp() == getpid(), getsid(0) == getpid());
    show("again", setsid());
    show("no terminal", open("/dev/tty", O_RDWR));
    pid_t grand = fork();
    if (grand == 0) {
      say("grandchild in it %d", getsid(0) == getppid());
      show("own group", setpgid(0, 0));
      say("group %d", getpgrp() == getpid());
      _exit(0);
    }
    reap("grandchild", grand);
    _exit(0);
  }
  reap("child", child);
  return 0;
}
