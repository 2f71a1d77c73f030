// /dev/full, /dev/null, /dev/zero, /dev/urandom by system call; write errors reach stdio.
#include "case.h"
int main(void) {
  char b[64];
  int full = open("/dev/full", O_RDWR), null = open("/dev/null", O_RDWR),
      zero = open("/dev/zero", O_RDWR);
  show("full write", write(full, "x", 1));
  show("full read", read(full, b, 8));
  show("null write", write(null, b, 64));
  show("null read", read(null, b, 64));
  b[5] = 1;
  show("zero read", read(zero, b, 64));
  show("zero", b[5]);
  show("zero write", write(zero, b, 64));
  show("null seek", lseek(null, 100, SEEK_SET));
  struct stat st;
  fstat(null, &st);
  say("char %d rdev %u,%u mode %o", S_ISCHR(st.st_mode), (unsigned)(st.st_rdev >> 8 & 0xff),
      (unsigned)(st.st_rdev & 0xff), st.st_mode & 0777);
  FILE* f = fopen("/dev/full", "w");
  say("fprintf %d", fprintf(f, "text"));
  say("fflush %d %s", fflush(f), error_name(errno));
  say("ferror %d", ferror(f) != 0);
  say("fclose %d", fclose(f) == 0);
  int u = open("/dev/urandom", O_RDONLY);
  unsigned char a[256], c[256];
  show("urandom", read(u, a, 256));
  read(u, c, 256);
  say("differ %d", memcmp(a, c, 256) != 0);
  show("getentropy", getentropy(a, 256));
  show("getentropy too much", getentropy(a, 257));
  show("mkdir in /dev", mkdir("/dev/null/x", 0700));
  show("isatty", isatty(null));
  return 0;
}
