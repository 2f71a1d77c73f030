// lseek in all forms, holes, truncate both ways.
#include "case.h"
int main(void) {
  char b[16];
  struct stat st;
  int fd = (int)MUST(open("f", O_CREAT | O_RDWR, 0600));
  show("end of empty", lseek(fd, 0, SEEK_END));
  show("beyond", lseek(fd, 1000000, SEEK_SET));
  show("write", write(fd, "tail", 4));
  fstat(fd, &st);
  say("size %ld", (long)st.st_size);
  show("read hole", pread(fd, b, 8, 500000));
  say("zero %d", b[0] == 0 && b[7] == 0);
  show("across", pread(fd, b, 16, 999998));
  say("%d %d %c", b[0], b[1], b[2]);
  show("negative", lseek(fd, -1, SEEK_SET));
  show("negative from cur", lseek(fd, -2000000, SEEK_CUR));
  show("bad whence", lseek(fd, 0, 77));
  show("cur", lseek(fd, -4, SEEK_CUR));
  show("truncate down", ftruncate(fd, 10));
  show("read at end", read(fd, b, 4));
  show("truncate up", ftruncate(fd, 5000));
  show("zeros", pread(fd, b, 4, 4000));
  show("truncate negative", ftruncate(fd, -1));
  show("truncate by path", truncate("f", 7));
  show("truncate missing", truncate("none", 7));
  show("truncate directory", truncate(".", 7));
  int ro = open("f", O_RDONLY);
  show("truncate read-only fd", ftruncate(ro, 0));
  show("write to read-only", write(ro, "x", 1));
  int wo = open("f", O_WRONLY);
  show("read from write-only", read(wo, b, 1));
  show("4 GiB hole", lseek(fd, (off_t)5 << 30, SEEK_SET) == (off_t)5 << 30);
  show("write there", write(fd, "x", 1));
  fstat(fd, &st);
  say("size %lld", (long long)st.st_size);
  show("back", ftruncate(fd, 7));
  show("pwrite negative", pwrite(fd, "x", 1, -5));
  show("read directory", read(open(".", O_RDONLY), b, 1));
  return 0;
}
