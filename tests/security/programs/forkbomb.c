// Forks until the kernel says no, keeps all children, prints how many; lets them go and forks
// again.
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  int gate[2], children = 0;
  char byte;
  if (pipe(gate) != 0) return 1;
  for (; children < 100000; children++) {
    const pid_t child = fork();
    if (child < 0) break;
    if (child == 0) {
      close(gate[1]);
      while (read(gate[0], &byte, 1) < 0 && errno == EINTR) {
      }
      _exit(0);
    }
  }
  printf("children %d errno %s\n", children, errno == EAGAIN ? "EAGAIN" : "other");
  close(gate[1]);
  int reaped = 0;
  while (wait(NULL) > 0) reaped++;
  const pid_t again = fork();
  if (again == 0) _exit(0);
  printf("reaped %d, fork afterwards %s\n", reaped, again > 0 ? "works" : "fails");
  return 0;
}
