// What exec keeps: descriptors without FD_CLOEXEC, pid, cwd, umask, ignored signals, mask, alarm;
// what it drops: handlers, FD_CLOEXEC descriptors.
#include "case.h"
static void handler(int signo) {}
int main(int argc, char** argv) {
  if (argc > 1) {
    struct sigaction a;
    sigset_t mask;
    say("pid %s", atoi(argv[1]) == getpid() ? "kept" : "changed");
    for (int fd = 3; fd < 8; fd++) say("fd %d: %s", fd, fcntl(fd, F_GETFD) < 0 ? "closed" : "open");
    sigaction(SIGUSR1, NULL, &a);
    say("USR1 %s", a.sa_handler == SIG_DFL ? "default" : "not default");
    sigaction(SIGUSR2, NULL, &a);
    say("USR2 %s", a.sa_handler == SIG_IGN ? "ignored" : "not ignored");
    sigprocmask(SIG_SETMASK, NULL, &mask);
    say("TERM blocked %d, HUP blocked %d", sigismember(&mask, SIGTERM), sigismember(&mask, SIGHUP));
    sigpending(&mask);
    say("TERM pending %d", sigismember(&mask, SIGTERM));
    say("umask %o", umask(0));
    say("alarm %s", alarm(0) > 0 ? "kept" : "gone");
    char cwd[PATH_MAX];
    getcwd(cwd, sizeof cwd);
    say("cwd %s", strrchr(cwd, '/'));
    return 0;
  }
  MUST(open("/dev/null", O_RDONLY));
  MUST(open("/dev/null", O_RDONLY | O_CLOEXEC));
  MUST(dup(3));
  MUST(fcntl(3, F_DUPFD_CLOEXEC, 3));
  MUST(open("/dev/null", O_RDONLY));
  MUST(fcntl(7, F_SETFD, FD_CLOEXEC));
  catch_signal(SIGUSR1, handler, 0);
  signal(SIGUSR2, SIG_IGN);
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGTERM);
  sigprocmask(SIG_BLOCK, &mask, NULL);
  raise(SIGTERM);
  umask(027);
  alarm(100);
  mkdir("sub", 0755);
  chdir("sub");
  char pid[16];
  snprintf(pid, sizeof pid, "%d", getpid());
  char program[PATH_MAX];
  snprintf(program, sizeof program, "%s", argv[0]);
  execl(program, program, pid, (char*)NULL);
  return 1;
}
