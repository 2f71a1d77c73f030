// Access by owner without privileges: modes, access, umask, special bits.
#include "case.h"
int main(void) {
  struct stat st;
  umask(022);
  int fd = open("f", O_CREAT | O_RDWR, 0666);
  fstat(fd, &st);
  say("mode %o", st.st_mode & 07777);
  umask(077);
  mkdir("d", 0777);
  stat("d", &st);
  say("mode %o", st.st_mode & 07777);
  show("umask", umask(0));
  show("O_CREAT with mode 0", open("zero", O_CREAT | O_RDWR, 0));
  show("again", open("zero", O_RDWR));
  show("chmod", chmod("f", 0400));
  show("write", open("f", O_WRONLY));
  show("read", open("f", O_RDONLY) >= 0);
  show("old fd still writes", write(fd, "x", 1));
  chmod("f", 0200);
  show("read now", open("f", O_RDONLY));
  show("truncate", truncate("f", 0));
  show("access R", access("f", R_OK));
  show("access W", access("f", W_OK));
  show("access X", access("f", X_OK));
  show("access F", access("f", F_OK));
  show("access bad", access("f", 99));
  chmod("d", 01777);
  stat("d", &st);
  say("sticky %o", st.st_mode & 07777);
  chmod("d", 0600);
  put_file("x", "");
  show("no search", open("d/x", O_RDONLY));
  show("stat in it", stat("d/x", &st));
  show("chdir", chdir("d"));
  chmod("d", 0500);
  show("create in it", open("d/new", O_CREAT | O_WRONLY, 0600));
  show("rename into it", rename("x", "d/x"));
  chmod("d", 0300);
  show("list", open("d", O_RDONLY | O_DIRECTORY));
  show("create", open("d/new", O_CREAT | O_WRONLY, 0600) >= 0);
  show("chown to root", chown("x", 0, 0));
  show("chown to me", chown("x", getuid(), getgid()));
  show("chown nobody", chown("x", -1, -1));
  chmod("d", 0700);
  chmod("f", 0644);
  return 0;
}
