// Arguments up to the limit pass, beyond it E2BIG, and memory is not lost.
#include "case.h"
int main(int argc, char** argv) {
  if (argc > 1 && !strcmp(argv[1], "count")) {
    size_t total = 0;
    for (int i = 2; i < argc; i++) total += strlen(argv[i]);
    say("%d arguments, %zu bytes", argc - 2, total);
    return 0;
  }
  enum { kMany = 10000 };
  char** args = calloc(kMany + 3, sizeof *args);
  args[0] = argv[0];
  args[1] = "count";
  for (int i = 0; i < kMany; i++) args[i + 2] = "0123456789012345678901234567890123456789";
  pid_t child = fork();
  if (child == 0) {
    execv(argv[0], args);
    _exit(1);
  }
  reap("many", child);
  char* big = malloc(8 << 20);
  memset(big, 'x', (8 << 20) - 1);
  big[(8 << 20) - 1] = 0;
  show("one too long", execv(argv[0], (char*[]){argv[0], "count", big, NULL}));
  big[100000] = 0;
  child = fork();
  if (child == 0) {
    execv(argv[0], (char*[]){argv[0], "count", big, NULL});
    _exit(1);
  }
  reap("100000", child);
  return 0;
}
