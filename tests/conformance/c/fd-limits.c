// RLIMIT_NOFILE: EMFILE, lowering, raising above the hard limit.
#include <sys/resource.h>

#include "case.h"
int main(void) {
  struct rlimit limit = {16, 16};
  show("set", setrlimit(RLIMIT_NOFILE, &limit));
  int last = -1, fd;
  while ((fd = open("/dev/null", O_RDONLY)) >= 0) last = fd;
  say("last %d, then %s", last, error_name(errno));
  int p[2];
  show("pipe", pipe(p));
  show("dup", dup(0));
  show("dup2 beyond", dup2(0, 16));
  close(last);
  show("pipe needs two", pipe(p));
  show("dup fits", dup(0));
  limit.rlim_cur = 64;
  limit.rlim_max = 64;
  show("raise hard", setrlimit(RLIMIT_NOFILE, &limit));
  limit.rlim_cur = 32;
  limit.rlim_max = 16;
  show("soft over hard", setrlimit(RLIMIT_NOFILE, &limit));
  MUST(getrlimit(RLIMIT_NOFILE, &limit));
  say("limit %ld %ld", (long)limit.rlim_cur, (long)limit.rlim_max);
  show("sysconf", sysconf(_SC_OPEN_MAX));
  return 0;
}
