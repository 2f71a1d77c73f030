// O_PATH descriptors: what they can and cannot do.
#include "case.h"
int main(void) {
  char b[8];
  struct stat st;
  put_file("f", "text");
  symlink("f", "l");
  chmod("f", 0000);
  int fd = open("f", O_PATH);
  show("O_PATH of an unreadable file", fd);
  show("fstat", fstat(fd, &st));
  say("mode %o", st.st_mode & 0777);
  show("read", read(fd, b, 1));
  show("write", write(fd, b, 1));
  show("ioctl", fcntl(fd, F_SETFL, O_NONBLOCK));
  show("dup", dup(fd));
  int link = open("l", O_PATH | O_NOFOLLOW);
  fstat(link, &st);
  say("the link itself %d", S_ISLNK(st.st_mode));
  show("readlinkat", readlinkat(link, "", b, 8));
  say("%.1s", b);
  show("followed", open("l", O_PATH));
  show("through the link", open("l", O_RDONLY | O_NOFOLLOW));
  chmod("f", 0600);
  say("access mode %d", (fcntl(fd, F_GETFL) & O_PATH) != 0);
  return 0;
}
