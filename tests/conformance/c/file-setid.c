// Set-user-id bits can be set, are shown, and a write takes them away.
//@ files: memfs
#include "case.h"
int main(void) {
  struct stat st;
  int fd = open("f", O_CREAT | O_RDWR, 0600);
  show("chmod", chmod("f", 06755));
  fstat(fd, &st);
  say("set %o", st.st_mode & 07777);
  write(fd, "y", 1);
  fstat(fd, &st);
  say("after a write %o", st.st_mode & 07777);
  mkdir("d", 0755);
  show("directory", chmod("d", 02755));
  stat("d", &st);
  say("set %o", st.st_mode & 07777);
  chmod("f", 04755);
  truncate("f", 0);
  stat("f", &st);
  say("after truncate %o", st.st_mode & 07777);
  return 0;
}
