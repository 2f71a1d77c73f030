// Buffered output is copied by fork: flushed by exit on both sides, not by _exit.
#include "case.h"
int main(void) {
  printf("buffered once;");
  fflush(stdout);
  printf(" twice;");
  pid_t child = fork();
  if (child == 0) {
    printf(" child\n");
    exit(0);
  }
  waitpid(child, NULL, 0);
  printf(" parent\n");
  fflush(stdout);
  printf("never seen in the child\n");
  child = fork();
  if (child == 0) _exit(3);
  int status;
  waitpid(child, &status, 0);
  printf("status %d\n", WEXITSTATUS(status));
  return 0;
}
