// Fills as many pipes as it gets: kernel memory that a guest can make the host hold.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void) {
  static char block[65536];
  long bytes = 0;
  int pipes = 0, ends[2];
  memset(block, 1, sizeof block);
  while (pipe2(ends, O_NONBLOCK) == 0) {
    pipes++;
    fcntl(ends[1], F_SETPIPE_SZ, 1 << 30);
    ssize_t n;
    while ((n = write(ends[1], block, sizeof block)) > 0) bytes += n;
  }
  printf("pipes %d bytes %ld\n", pipes, bytes);
  return 0;
}
