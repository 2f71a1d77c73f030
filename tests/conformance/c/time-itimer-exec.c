// setitimer survives exec, is not inherited by fork; pending alarms reach the new program.
#include "case.h"
int main(int argc, char** argv) {
  if (argc > 1) {
    struct itimerval t;
    getitimer(ITIMER_REAL, &t);
    say("running after exec %d", t.it_value.tv_sec > 0 || t.it_value.tv_usec > 0);
    pause();
    say("never");
    return 0;
  }
  pid_t child = fork();
  if (child == 0) {
    struct itimerval t = {{0, 0}, {0, 300000}};
    setitimer(ITIMER_REAL, &t, NULL);
    execl(argv[0], argv[0], "x", (char*)NULL);
  }
  reap("exec'd child", child);
  return 0;
}
