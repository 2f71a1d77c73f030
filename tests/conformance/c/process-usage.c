// CPU times: getrusage, times, clock, wait4's usage; they grow with work.
#include <sys/resource.h>
#include <sys/times.h>

#include "case.h"
static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }
static void burn(void) {
  struct timespec start, now;
  volatile unsigned x = 0;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
  do {
    for (int i = 0; i < 100000; i++) x += (unsigned)i;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  } while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < 150);
}
int main(void) {
  struct rusage self, children, child_usage;
  clock_t before = clock();
  burn();
  getrusage(RUSAGE_SELF, &self);
  say("self %d", seconds(self.ru_utime) + seconds(self.ru_stime) > 0.1);
  say("clock %d", clock() - before > CLOCKS_PER_SEC / 10);
  pid_t child = fork();
  if (child == 0) {
    burn();
    _exit(0);
  }
  int status;
  show("wait4", wait4(child, &status, 0, &child_usage) == child);
  say("child %d", seconds(child_usage.ru_utime) + seconds(child_usage.ru_stime) > 0.1);
  getrusage(RUSAGE_CHILDREN, &children);
  say("children %d", seconds(children.ru_utime) + seconds(children.ru_stime) > 0.1);
  struct tms t;
  say("times %d", times(&t) != (clock_t)-1);
  say("own times %d", t.tms_utime + t.tms_stime > 5);
  say("child times %d", t.tms_cutime + t.tms_cstime > 5);
  show("bad who", getrusage(99, &self));
  return 0;
}
