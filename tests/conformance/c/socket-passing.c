// Descriptors passed by SCM_RIGHTS.
#include <sys/socket.h>

#include "case.h"
int main(void) {
  int s[2];
  MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
  pid_t child = fork();
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control;
  char byte = 'x';
  struct iovec v = {&byte, 1};
  struct msghdr m = {
      .msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  if (child == 0) {
    int fd = (int)MUST(open("passed", O_CREAT | O_RDWR, 0600));
    write(fd, "by the child", 12);
    struct cmsghdr* c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    MUST(sendmsg(s[0], &m, 0));
    _exit(0);
  }
  reap("child", child);
  show("recvmsg", recvmsg(s[1], &m, MSG_CMSG_CLOEXEC));
  int fd;
  memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
  show("descriptor", fd);
  show("cloexec", fcntl(fd, F_GETFD));
  show("offset", lseek(fd, 0, SEEK_CUR));
  char b[32] = "";
  pread(fd, b, 31, 0);
  say("%s", b);
  return 0;
}
