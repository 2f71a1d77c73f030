// vfork: the parent waits until exec or exit.
#include "case.h"
int main(int argc, char** argv) {
  if (argc > 1) {
    say("exec'd with %s", argv[1]);
    return 4;
  }
  for (int i = 0; i < 3; i++) {
    pid_t child = vfork();
    if (child == 0) {
      if (i == 0) _exit(17);
      if (i == 1) execl(argv[0], argv[0], "from vfork", (char*)NULL);
      execl("/no/such/program", "x", (char*)NULL);
      _exit(127);
    }
    reap("child", child);
  }
  int order[2];
  MUST(pipe(order));
  pid_t child = vfork();
  if (child == 0) {
    write(1, "child first\n", 12);
    _exit(0);
  }
  say("then parent");
  reap("child", child);
  return 0;
}
