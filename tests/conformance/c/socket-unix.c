// AF_UNIX by path: bind, listen, accept, connect, refusal, unlink, many clients.
//@ files: memfs
#include <sys/socket.h>
#include <sys/un.h>

#include "case.h"
int main(void) {
  struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "sock"};
  int l = socket(AF_UNIX, SOCK_STREAM, 0);
  show("connect nowhere", connect(l, (struct sockaddr*)&a, sizeof a));
  show("bind", bind(l, (struct sockaddr*)&a, sizeof a));
  int again = socket(AF_UNIX, SOCK_STREAM, 0);
  show("bind twice", bind(again, (struct sockaddr*)&a, sizeof a));
  show("connect before listen", connect(again, (struct sockaddr*)&a, sizeof a));
  show("listen", listen(l, 5));
  for (int i = 0; i < 4; i++) {
    if (fork() == 0) {
      int c = socket(AF_UNIX, SOCK_STREAM, 0);
      MUST(connect(c, (struct sockaddr*)&a, sizeof a));
      int n = i * 10;
      MUST(write(c, &n, sizeof n));
      MUST(read(c, &n, sizeof n));
      _exit(n);
    }
  }
  for (int i = 0; i < 4; i++) {
    int c = (int)MUST(accept(l, NULL, NULL)), n;
    MUST(read(c, &n, sizeof n));
    n++;
    MUST(write(c, &n, sizeof n));
    close(c);
  }
  int sum = 0, status;
  while (wait(&status) > 0) sum += WEXITSTATUS(status);
  say("sum %d", sum);
  struct stat st;
  stat("sock", &st);
  say("socket file %d", S_ISSOCK(st.st_mode));
  show("open of it", open("sock", O_RDWR));
  close(l);
  show("nobody listens", connect(again, (struct sockaddr*)&a, sizeof a));
  show("unlink", unlink("sock"));
  show("gone", connect(again, (struct sockaddr*)&a, sizeof a));
  return 0;
}
