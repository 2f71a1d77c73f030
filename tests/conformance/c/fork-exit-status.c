// All the ways to end, as wait sees them.
#include "case.h"
static void crash_abort(void) { abort(); }
static void by_return(void) {}
static void by_exit(void) { exit(300); }
static void by__exit(void) { _exit(-1); }
static void by_kill(void) { kill(getpid(), SIGKILL); }
static void by_raise(void) { raise(SIGTERM); }
static void by_alarm(void) {
  alarm(1);
  pause();
}
static void by_pipe(void) {
  int p[2];
  pipe(p);
  close(p[0]);
  write(p[1], "x", 1);
}
static void by_ignored(void) {
  raise(SIGCHLD);
  raise(SIGWINCH);
  raise(SIGURG);
  raise(SIGCONT);
}
int main(void) {
  static const struct {
    const char* name;
    void (*f)(void);
  } ways[] = {{"abort", crash_abort}, {"return", by_return}, {"exit", by_exit},
              {"_exit", by__exit},    {"kill", by_kill},     {"raise", by_raise},
              {"alarm", by_alarm},    {"pipe", by_pipe},     {"ignored", by_ignored}};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
      ways[i].f();
      _exit(3);
    }
    reap(ways[i].name, child);
  }
  return 0;
}
