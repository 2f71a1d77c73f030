// A token goes round a ring of processes.
#include "case.h"
int main(void) {
  enum { kRing = 20, kRounds = 50 };
  int ends[kRing][2];
  for (int i = 0; i < kRing; i++) MUST(pipe(ends[i]));
  for (int i = 1; i < kRing; i++) {
    if (fork() == 0) {
      for (int j = 0; j < kRing; j++) {
        if (j != i - 1) close(ends[j][0]);
        if (j != i) close(ends[j][1]);
      }
      int token;
      while (read(ends[i - 1][0], &token, sizeof token) == sizeof token) {
        token += i;
        MUST(write(ends[i][1], &token, sizeof token));
      }
      _exit(i);
    }
  }
  for (int i = 1; i < kRing; i++) close(ends[i][1]);
  int token = 0;
  for (int round = 0; round < kRounds; round++) {
    MUST(write(ends[0][1], &token, sizeof token));
    MUST(read(ends[kRing - 1][0], &token, sizeof token));
  }
  say("token %d", token);
  close(ends[0][1]);
  int sum = 0, status;
  while (wait(&status) > 0) sum += WEXITSTATUS(status);
  say("statuses %d", sum);
  return 0;
}
