// O_TMPFILE, linkat of it, tmpfile, mkstemp, memfd_create.
//@ files: memfs
#include <sys/mman.h>

#include "case.h"
int main(void) {
  struct stat st;
  char b[16] = "", path[64];
  int fd = open(".", O_TMPFILE | O_RDWR, 0600);
  show("O_TMPFILE", fd);
  show("write", write(fd, "hidden", 6));
  fstat(fd, &st);
  say("links %d", (int)st.st_nlink);
  sprintf(path, "/proc/self/fd/%d", fd);
  show("give it a name", linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
  show_file("named");
  show("read-only O_TMPFILE", open(".", O_TMPFILE | O_RDONLY, 0600));
  show("on a file", open("named", O_TMPFILE | O_RDWR, 0600));
  FILE* f = tmpfile();
  fprintf(f, "temporary");
  rewind(f);
  say("tmpfile %zu", fread(b, 1, 15, f));
  fclose(f);
  char name[] = "tmp.XXXXXX";
  fd = mkstemp(name);
  fstat(fd, &st);
  say("mkstemp mode %o, name changed %d", st.st_mode & 07777, strcmp(name, "tmp.XXXXXX") != 0);
  unlink(name);
  char directory[] = "dir.XXXXXX";
  say("mkdtemp %d", mkdtemp(directory) != NULL);
  stat(directory, &st);
  say("mode %o", st.st_mode & 07777);
  rmdir(directory);
  char bad[] = "nothing";
  show("bad template", mkstemp(bad));
  fd = memfd_create("m", MFD_CLOEXEC);
  show("memfd write", write(fd, "memory", 6));
  show("memfd read", pread(fd, b, 6, 0));
  show("memfd size", lseek(fd, 0, SEEK_END));
  return 0;
}
