// PR_SET_DUMPABLE: told back, inherited by fork, made anew by exec, other values refused.
#include <sys/prctl.h>

#include "case.h"
int main(int argc, char** argv) {
  if (argc > 1) {
    show("after exec", prctl(PR_GET_DUMPABLE));
    return 0;
  }
  show("at first", prctl(PR_GET_DUMPABLE));
  show("two", prctl(PR_SET_DUMPABLE, 2));
  show("negative", prctl(PR_SET_DUMPABLE, -1));
  show("off", prctl(PR_SET_DUMPABLE, 0));
  show("is off", prctl(PR_GET_DUMPABLE));
  pid_t child = fork();
  if (child == 0) {
    show("in the child", prctl(PR_GET_DUMPABLE));
    show("on", prctl(PR_SET_DUMPABLE, 1));
    show("is on", prctl(PR_GET_DUMPABLE));
    _exit(0);
  }
  reap("child", child);
  show("in the parent", prctl(PR_GET_DUMPABLE));
  execl(argv[0], argv[0], "again", (char*)NULL);
  return 1;
}
