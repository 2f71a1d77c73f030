// Path resolution: dots, slashes, symlinks, loops, the wrong kinds.
#include "case.h"
static void try_open(const char* path, int flags) {
  int fd = open(path, flags);
  say("open %s %#x: %s", path, (unsigned)flags, fd < 0 ? error_name(errno) : "ok");
  if (fd >= 0) close(fd);
}
int main(void) {
  mkdir("d", 0755);
  mkdir("d/e", 0755);
  put_file("f", "x");
  put_file("d/g", "x");
  symlink("f", "lf");
  symlink("d", "ld");
  symlink("missing", "lm");
  symlink("loop2", "loop1");
  symlink("loop1", "loop2");
  symlink("../f", "d/up");
  symlink("f/", "lfs");
  symlink("d/", "lds");
  static const char* paths[] = {"f",      "./f",         "d/../f",   "f/",
                                "f/.",    "f/..",        "d",        "d/",
                                "d/.",    "d/e/../g",    "//f",      "d//g",
                                "lf",     "lf/",         "ld/g",     "ld/",
                                "lm",     "lm/",         "loop1",    "loop1/x",
                                "d/up",   "missing",     "missing/", "missing/x",
                                "",       "lfs",         "lds",      "lds/g",
                                "f/../f", "d/e/../../f", "ld/../f",  "d/missing/../g"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) try_open(paths[i], O_RDONLY);
  try_open("lf", O_RDONLY | O_NOFOLLOW);
  try_open("ld/g", O_RDONLY | O_NOFOLLOW);
  try_open("ld", O_RDONLY | O_NOFOLLOW | O_DIRECTORY);
  try_open("ld/", O_RDONLY | O_NOFOLLOW | O_DIRECTORY);
  try_open("f", O_RDONLY | O_DIRECTORY);
  try_open("d", O_WRONLY);
  try_open("d", O_RDWR);
  char name[300];
  memset(name, 'n', 299);
  name[256] = 0;
  try_open(name, O_RDONLY);
  show("255 is fine", (name[255] = 0, open(name, O_RDONLY | O_CREAT, 0600)) >= 0);
  char* longest = malloc(6000);
  for (int i = 0; i < 2999; i++) memcpy(longest + 2 * i, "./", 2);
  strcpy(longest + 4094, "f");
  say("4095: %s", open(longest, O_RDONLY) < 0 ? error_name(errno) : "ok");
  strcpy(longest + 4094, "/f");
  say("4096: %s", open(longest, O_RDONLY) < 0 ? error_name(errno) : "ok");
  return 0;
}
