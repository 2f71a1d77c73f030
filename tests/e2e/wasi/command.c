// What an ordinary program for WASI does, through its C library. The first argument says what.
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int names(const char* path) {
  DIR* folder = opendir(path);
  if (!folder) return perror(path), 1;
  for (struct dirent* entry; (entry = readdir(folder));)
    if (entry->d_name[0] != '.') puts(entry->d_name);
  return closedir(folder);
}

static int upper(void) {
  for (int c; (c = getchar()) != EOF;) putchar(c >= 'a' && c <= 'z' ? c - 32 : c);
  return ferror(stdin) || fflush(stdout);
}

static int save(const char* path, const char* text) {
  FILE* file = fopen(path, "w");
  if (!file) return perror(path), 1;
  fputs(text, file);
  return fclose(file);
}

static int show(const char* path) {
  FILE* file = fopen(path, "r");
  if (!file) return perror(path), 1;
  for (int c; (c = getc(file)) != EOF;) putchar(c);
  return fclose(file);
}

static int nap(int milliseconds) {
  struct timespec before, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  usleep((useconds_t)milliseconds * 1000);
  clock_gettime(CLOCK_MONOTONIC, &after);
  const long long slept =
      (after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec - before.tv_nsec;
  return slept < milliseconds * 1000000LL;
}

static int wait_for_input(int milliseconds) {
  struct pollfd input = {.fd = 0, .events = POLLIN};
  const int ready = poll(&input, 1, milliseconds);
  puts(ready == 0 ? "nothing" : ready == 1 && (input.revents & POLLIN) ? "input" : "wrong");
  return ready < 0;
}

static int eat(void) {
  size_t total = 0;
  for (char* volatile piece; (piece = malloc(1 << 20)); total += 1 << 20) memset(piece, 1, 1 << 20);
  printf("%d\n", total > (4 << 20));
  return 0;
}

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "";
  if (!strcmp(what, "echo")) {
    for (int i = 2; i < argc; ++i) printf("<%s>", argv[i]);
    puts("");
    return 0;
  }
  if (!strcmp(what, "env")) return puts(getenv(argv[2]) ? getenv(argv[2]) : "(unset)") < 0;
  if (!strcmp(what, "names")) return names(argv[2]);
  if (!strcmp(what, "upper")) return upper();
  if (!strcmp(what, "save")) return save(argv[2], argv[3]);
  if (!strcmp(what, "show")) return show(argv[2]);
  if (!strcmp(what, "nap")) return nap(atoi(argv[2]));
  if (!strcmp(what, "wait")) return wait_for_input(atoi(argv[2]));
  if (!strcmp(what, "eat")) return eat();
  if (!strcmp(what, "exit")) return atoi(argv[2]);
  if (!strcmp(what, "abort")) abort();
  if (!strcmp(what, "spin"))
    for (;;) __asm__ volatile("");
  if (!strcmp(what, "yes"))
    for (;;) puts("y");
  return 2;
}
