// A chain of generations, each the child of the one before; the end reports back through all.
#include "case.h"
int main(void) {
  int depth = 0;
  char trail[64] = "";
  for (;;) {
    trail[depth] = (char)('a' + depth);
    if (depth == 25) {
      say("%s", trail);
      _exit(depth);
    }
    pid_t child = (pid_t)MUST(fork());
    if (child != 0) {
      int status;
      MUST(waitpid(child, &status, 0));
      if (depth == 0) show_status("chain", status);
      _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 255);
    }
    depth++;
  }
}
