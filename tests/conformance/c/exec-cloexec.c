// O_CLOEXEC by every way to make a descriptor.
#include <sys/socket.h>

#include "case.h"
int main(int argc, char** argv) {
  if (argc > 1) {
    char line[64] = "";
    for (int fd = 3; fd < 20; fd++)
      if (fcntl(fd, F_GETFD) >= 0) sprintf(line + strlen(line), " %d", fd);
    say("open after exec:%s", line);
    return 0;
  }
  int p[2];
  MUST(open("a", O_CREAT | O_RDWR, 0600));
  MUST(open("a", O_RDWR | O_CLOEXEC));
  MUST(pipe2(p, O_CLOEXEC));
  MUST(pipe(p));
  MUST(dup3(3, 12, O_CLOEXEC));
  MUST(dup2(4, 13));
  MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p));
  MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
  show("flags of 3", fcntl(3, F_GETFD));
  show("flags of 4", fcntl(4, F_GETFD));
  show("flags of 12", fcntl(12, F_GETFD));
  show("flags of 13", fcntl(13, F_GETFD));
  execl(argv[0], argv[0], "x", (char*)NULL);
  return 1;
}
