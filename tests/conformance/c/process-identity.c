// uids, gids, groups, pids, priorities, umask over fork, uname, hostname length.
#include <grp.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "case.h"
int main(void) {
  say("real is effective %d %d", getuid() == geteuid(), getgid() == getegid());
  say("not root %d", getuid() != 0);
  show("setuid to root", setuid(0));
  show("seteuid to root", seteuid(0));
  show("setgid to root", setgid(0));
  show("setuid to me", setuid(getuid()));
  show("setgroups", setgroups(0, NULL));
  uid_t r, e, s;
  show("getresuid", getresuid(&r, &e, &s));
  say("all alike %d", r == e && e == s);
  say("pid positive %d, ppid %d", getpid() > 0, getppid() >= 0);
  struct utsname u;
  show("uname", uname(&u));
  say("%s", u.sysname);
  say("page %ld, clock ticks %ld", sysconf(_SC_PAGESIZE), sysconf(_SC_CLK_TCK));
  say("processors %d", sysconf(_SC_NPROCESSORS_ONLN) >= 1);
  errno = 0;
  int before = getpriority(PRIO_PROCESS, 0);
  show("nice", nice(3) - before);
  errno = 0;
  show("priority", getpriority(PRIO_PROCESS, 0) - before);
  show("raise priority", setpriority(PRIO_PROCESS, 0, -5));
  show("priority of none", getpriority(PRIO_PROCESS, 999999));
  pid_t child = fork();
  if (child == 0) {
    show("child's", getpriority(PRIO_PROCESS, 0) - before);
    _exit(0);
  }
  reap("child", child);
  show("chroot", chroot("."));
  say("login tty %s", isatty(0) ? "yes" : "no");
  return 0;
}
