// rlimits: file size with SIGXFSZ, CPU time with SIGXCPU, stack, processes, unknown.
#include <sys/resource.h>

#include "case.h"
int main(void) {
  struct rlimit l;
  pid_t child = fork();
  if (child == 0) {
    l = (struct rlimit){1000, 1000};
    setrlimit(RLIMIT_FSIZE, &l);
    int fd = open("f", O_CREAT | O_WRONLY, 0600);
    static char block[600];
    show("fits", write(fd, block, 600));
    show("is cut", write(fd, block, 600));
    signal(SIGXFSZ, SIG_IGN);
    show("refused", write(fd, block, 600));
    show("truncate beyond", ftruncate(fd, 2000));
    signal(SIGXFSZ, SIG_DFL);
    write(fd, block, 600);
    _exit(0);
  }
  reap("file size", child);
  child = fork();
  if (child == 0) {
    l = (struct rlimit){1, 3};
    setrlimit(RLIMIT_CPU, &l);
    for (volatile unsigned i = 0;; i++) {
    }
  }
  reap("CPU time", child);
  show("unknown", getrlimit(99, &l));
  show("get core", getrlimit(RLIMIT_CORE, &l));
  l = (struct rlimit){10, 5};
  show("soft over hard", setrlimit(RLIMIT_CORE, &l));
  l = (struct rlimit){0, 0};
  show("core", setrlimit(RLIMIT_CORE, &l));
  child = fork();
  if (child == 0) {
    getrlimit(RLIMIT_CORE, &l);
    say("inherited %ld %ld", (long)l.rlim_cur, (long)l.rlim_max);
    _exit(0);
  }
  reap("child", child);
  return 0;
}
