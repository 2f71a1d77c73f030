// Listing directories while they change, rewinding, telldir, large ones, d_type.
#include <dirent.h>

#include "case.h"
static int compare(const void* a, const void* b) { return strcmp(*(char**)a, *(char**)b); }
int main(void) {
  mkdir("d", 0755);
  chdir("d");
  char name[32];
  enum { kMany = 1500 };
  for (int i = 0; i < kMany; i++) {
    sprintf(name, "file-%04d", i);
    close(open(name, O_CREAT | O_WRONLY, 0600));
  }
  DIR* dir = opendir(".");
  struct dirent* e;
  int seen = 0, dots = 0, deleted = 0;
  while ((e = readdir(dir))) {
    if (e->d_name[0] == '.') {
      dots++;
      continue;
    }
    seen++;
    deleted += unlink(e->d_name) == 0;
  }
  say("dots %d seen %d deleted %d", dots, seen, deleted);
  rewinddir(dir);
  int left = 0;
  while ((e = readdir(dir))) left++;
  say("left %d", left);
  closedir(dir);
  mkdir("sub", 0755);
  put_file("reg", "");
  symlink("x", "lnk");
  dir = opendir(".");
  char* names[16];
  int n = 0;
  while ((e = readdir(dir))) {
    char* kind = e->d_type == DT_DIR    ? "dir"
                 : e->d_type == DT_REG  ? "reg"
                 : e->d_type == DT_LNK  ? "lnk"
                 : e->d_type == DT_FIFO ? "fifo"
                                        : "?";
    names[n] = malloc(64);
    sprintf(names[n++], "%s %s", e->d_name, kind);
  }
  qsort(names, (size_t)n, sizeof *names, compare);
  for (int i = 0; i < n; i++) say("%s", names[i]);
  rewinddir(dir);
  readdir(dir);
  readdir(dir);
  long place = telldir(dir);
  e = readdir(dir);
  strcpy(name, e->d_name);
  while (readdir(dir)) {
  }
  seekdir(dir, place);
  say("seekdir %s", strcmp(readdir(dir)->d_name, name) ? "elsewhere" : "same");
  show("readdir of a file", opendir("reg") ? 0 : -1);
  struct dirent** list;
  say("scandir %d", scandir(".", &list, NULL, alphasort));
  return 0;
}
