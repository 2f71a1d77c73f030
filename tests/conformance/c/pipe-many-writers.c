// Writers of up to PIPE_BUF bytes are never torn apart.
#include "case.h"
int main(void) {
  enum { kWriters = 6, kRecords = 200, kSize = 512 };
  int p[2];
  MUST(pipe(p));
  for (int w = 0; w < kWriters; w++) {
    if (fork() == 0) {
      close(p[0]);
      char record[kSize];
      memset(record, 'A' + w, kSize);
      for (int i = 0; i < kRecords; i++)
        if (write(p[1], record, kSize) != kSize) _exit(1);
      _exit(0);
    }
  }
  close(p[1]);
  char record[kSize];
  int counts[kWriters] = {0}, torn = 0;
  for (;;) {
    size_t at = 0;
    while (at < kSize) {
      ssize_t n = read(p[0], record + at, kSize - at);
      if (n <= 0) break;
      at += (size_t)n;
    }
    if (at == 0) break;
    for (int i = 1; i < kSize; i++) torn += record[i] != record[0];
    counts[record[0] - 'A']++;
  }
  for (int w = 0; w < kWriters; w++) say("writer %c: %d", 'A' + w, counts[w]);
  say("torn: %d", torn);
  while (wait(NULL) > 0) {
  }
  return 0;
}
