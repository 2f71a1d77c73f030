// fork ROUNDS PAGES WRITES: fork, exit and wait ROUNDS times in a process that has written PAGES
// pages. With WRITES, parent and child each write that many of them between two forks, which is
// what shells do and what a fork that copies lazily pays for.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kPage = 4096 };

static void touch(volatile char* area, long pages, long writes, long round) {
  for (long i = 0; i < writes && pages > 0; i++) area[(round + i * 7) % pages * kPage] += 1;
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const long rounds = atol(argv[1]), pages = atol(argv[2]), writes = atol(argv[3]);
  char* area = malloc((size_t)(pages + 1) * kPage);
  if (!area) return 3;
  for (long i = 0; i < pages; i++) memset(area + i * kPage, 1, kPage);
  for (long round = 0; round < rounds; round++) {
    const pid_t child = fork();
    if (child < 0) {
      perror("fork");
      return 4;
    }
    if (child == 0) {
      touch(area, pages, writes, round);
      _exit(7);
    }
    touch(area, pages, writes, round + 3);
    int status = 0;
    if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 7) return 5;
  }
  return 0;
}
