// memorybomb [PROCESSES]: takes and touches memory without end, in so many processes.
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char** argv) {
  const int processes = argc > 1 ? atoi(argv[1]) : 1;
  for (int i = 1; i < processes; i++)
    if (fork() == 0) break;
  size_t total = 0;
  for (;;) {
    char* block = malloc(1 << 20);
    if (!block) break;
    for (size_t i = 0; i < 1 << 20; i += 512) ((volatile char*)block)[i] = 0x5a;
    total += 1 << 20;
  }
  printf("refused after %zu MiB\n", total >> 20);
  while (wait(NULL) > 0) {
  }
  return 9;
}
