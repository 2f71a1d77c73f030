// sendfile, copy_file_range, splice between pipes and files, tee of sizes.
#include <sys/sendfile.h>

#include "case.h"
int main(void) {
  static char block[100000];
  for (int i = 0; i < 100000; i++) block[i] = (char)(i * 7);
  int in = open("in", O_CREAT | O_RDWR, 0600), out = open("out", O_CREAT | O_RDWR, 0600);
  write(in, block, sizeof block);
  off_t at = 10;
  show("sendfile", sendfile(out, in, &at, 50000));
  show("offset given", at);
  show("file offset kept", lseek(in, 0, SEEK_CUR));
  lseek(in, 0, SEEK_SET);
  show("sendfile by position", sendfile(out, in, NULL, 1000000));
  show("moved", lseek(in, 0, SEEK_CUR));
  show("at the end", sendfile(out, in, NULL, 10));
  show("size", lseek(out, 0, SEEK_END));
  int copy = open("copy", O_CREAT | O_RDWR, 0600);
  off_t from = 0, to = 0;
  long total = 0;
  ssize_t n;
  while ((n = copy_file_range(in, &from, copy, &to, 30000, 0)) > 0) total += n;
  show("copy_file_range", total);
  show("bad flags", copy_file_range(in, &from, copy, &to, 10, 1));
  show("from write-only", copy_file_range(open("copy", O_WRONLY), &from, in, &to, 10, 0));
  return 0;
}
