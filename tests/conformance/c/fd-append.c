// O_APPEND: writers at the same time lose nothing; pwrite; seeks do not matter.
#include "case.h"
int main(void) {
  for (int w = 0; w < 5; w++) {
    if (fork() == 0) {
      int fd = (int)MUST(open("log", O_CREAT | O_WRONLY | O_APPEND, 0644));
      char line[32];
      for (int i = 0; i < 200; i++) {
        int n = snprintf(line, sizeof line, "writer %d %03d\n", w, i);
        lseek(fd, 0, SEEK_SET);
        if (write(fd, line, (size_t)n) != n) _exit(1);
      }
      _exit(0);
    }
  }
  int status, bad = 0;
  while (wait(&status) > 0) bad += status != 0;
  struct stat st;
  stat("log", &st);
  say("bad %d, size %ld", bad, (long)st.st_size);
  FILE* f = fopen("log", "r");
  char line[64];
  int next[5] = {0}, wrong = 0, w, i;
  while (fgets(line, sizeof line, f)) {
    if (sscanf(line, "writer %d %d", &w, &i) != 2 || i != next[w]++) wrong++;
  }
  say("out of order or torn: %d", wrong);
  unlink("log");
  int fd = (int)MUST(open("a", O_CREAT | O_RDWR | O_APPEND, 0600));
  write(fd, "0123", 4);
  show("pread", pread(fd, line, 2, 1));
  lseek(fd, 0, SEEK_SET);
  write(fd, "45", 2);
  show("offset after", lseek(fd, 0, SEEK_CUR));
  fcntl(fd, F_SETFL, 0);
  lseek(fd, 0, SEEK_SET);
  write(fd, "ab", 2);
  show_file("a");
  return 0;
}
