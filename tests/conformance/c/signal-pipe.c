// SIGPIPE and EPIPE.
#include "case.h"
static volatile sig_atomic_t count;
static void on(int signo) { count++; }
int main(void) {
  int p[2];
  MUST(pipe(p));
  close(p[0]);
  pid_t child = fork();
  if (child == 0) {
    write(p[1], "x", 1);
    _exit(0);
  }
  reap("default", child);
  signal(SIGPIPE, SIG_IGN);
  show("ignored", write(p[1], "x", 1));
  catch_signal(SIGPIPE, on, 0);
  show("caught", write(p[1], "x", 1));
  say("count %d", count);
  show("nothing to write", write(p[1], "", 0));
  close(p[1]);
  MUST(pipe(p));
  child = fork();
  if (child == 0) {
    close(p[1]);
    char b[10];
    read(p[0], b, 10);
    _exit(0);
  }
  close(p[0]);
  signal(SIGPIPE, SIG_IGN);
  char* big = calloc(1, 300000);
  ssize_t n = write(p[1], big, 300000);
  say("reader left in the middle: %s", n == -1 ? error_name(errno) : n < 300000 ? "short" : "all");
  reap("reader", child);
  return 0;
}
