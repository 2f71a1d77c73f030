// A hundred fork, exec and wait rounds with pipes in both directions.
#include "case.h"
int main(void) {
  int sum = 0;
  for (int i = 0; i < 100; i++) {
    int in[2], out[2], status;
    MUST(pipe(in));
    MUST(pipe(out));
    pid_t child = fork();
    if (child == 0) {
      dup2(in[0], 0);
      dup2(out[1], 1);
      for (int fd = 3; fd < 8; fd++) close(fd);
      execlp("cat", "cat", (char*)NULL);
      _exit(127);
    }
    close(in[0]);
    close(out[1]);
    char text[16], back[16] = "";
    int n = sprintf(text, "line %d", i);
    MUST(write(in[1], text, (size_t)n));
    close(in[1]);
    ssize_t r = read(out[0], back, 15);
    close(out[0]);
    MUST(waitpid(child, &status, 0));
    sum += r == n && !strcmp(text, back) && status == 0;
  }
  say("right: %d", sum);
  show("next descriptor", dup(0));
  return 0;
}
