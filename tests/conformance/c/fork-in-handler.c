// fork, exec and wait inside a signal handler, while the main flow waits in a read.
#include "case.h"
static int p[2];
static void on(int signo) {
  pid_t child = fork();
  if (child == 0) {
    write(p[1], "x", 1);
    execlp("sh", "sh", "-c", "exit 8", (char*)NULL);
    _exit(1);
  }
  reap("from the handler", child);
}
int main(void) {
  MUST(pipe(p));
  catch_signal(SIGALRM, on, SA_RESTART);
  struct itimerval t = {{0, 0}, {0, 20000}};
  setitimer(ITIMER_REAL, &t, NULL);
  char b;
  show("read", read(p[0], &b, 1));
  return 0;
}
