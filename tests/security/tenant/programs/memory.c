// memory ATTACK: makes the host hold as much as it can. Says when it is refused more, and ends.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char block[1 << 16];

static int refused(const char *what, long count) {
  printf("refused after %ld %s: %s\n", count, what, strerror(errno));
  return 0;
}

// Asks for 1 GB in pieces; then four processes write all that was promised, each by a single
// instruction.
static int fill(void) {
  enum { kPieces = 40, kPiece = 26 << 20 };
  char *low = NULL;
  int pieces = 0;
  for (; pieces < kPieces; pieces++) {
    char *piece = mmap(NULL, kPiece, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (piece == MAP_FAILED) break;
    if (!low || piece < low) low = piece;
  }
  for (int i = 0; i < 2; i++) fork();
  memset(low, 0x5a, (size_t)pieces * kPiece);
  return refused("pieces", pieces);
}

static int touch(void) {
  for (long count = 0;; count++) {
    char *more = malloc(1 << 20);
    if (!more) return refused("MiB", count);
    for (size_t i = 0; i < 1 << 20; i += 4096) ((volatile char *)more)[i] = 1;
  }
}

// As touch, by 8 processes at a time.
static int together(void) {
  for (int i = 0; i < 3; i++) fork();
  return touch();
}

static int files(void) {
  const int file = open("/tmp/big", O_CREAT | O_WRONLY, 0600);
  for (long count = 0;; count++)
    if (write(file, block, sizeof block) != sizeof block) return refused("blocks", count);
}

static int pipes(void) {
  long bytes = 0;
  int ends[2];
  while (pipe2(ends, O_NONBLOCK) == 0) {
    fcntl(ends[1], F_SETPIPE_SZ, 1 << 30);
    ssize_t n;
    while ((n = write(ends[1], block, sizeof block)) > 0) bytes += n;
  }
  return refused("bytes in pipes", bytes);
}

static int objects(void) {
  long count = 0;
  for (;; count++) {
    int ends[2];
    char name[32];
    snprintf(name, sizeof name, "/tmp/%ld", count);
    if (eventfd(0, 0) < 0 || open(name, O_CREAT | O_RDWR, 0600) < 0) break;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0) break;
    if (write(ends[0], block, 4096) < 0) break;
  }
  return refused("of each kind", count);
}

// Each process starts another one with an environment of almost all that a program may be given.
static int environment(char *self, const char *depth) {
  static char value[100000];
  char next[16], name[16];
  snprintf(next, sizeof next, "%d", atoi(depth) + 1);
  memset(value, 'x', sizeof value - 1);
  for (int i = 0; i < 15 && atoi(depth) == 0; i++) {
    snprintf(name, sizeof name, "BIG%d", i);
    setenv(name, value, 1);
  }
  const pid_t child = fork();
  if (child < 0) return refused("processes", atoi(depth));
  if (child == 0) {
    execl(self, self, "environment", next, NULL);
    _exit(refused("programs", atoi(depth)));
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 5;
}

static int descriptors(void) {
  long count = 0;
  while (dup(0) >= 0) count++;
  return refused("descriptors", count);
}

static int inodes(void) {
  for (long count = 0;; count++) {
    char name[32];
    snprintf(name, sizeof name, "/tmp/%ld", count);
    if (count % 2 ? mkdir(name, 0700) : symlink("nowhere", name)) return refused("inodes", count);
  }
}

// Links that each name the one before it twice: to follow the last is to follow 2^30.
static int links(void) {
  mkdir("/tmp/maze", 0700);
  if (chdir("/tmp/maze") != 0 || symlink(".", "0") != 0) return 1;
  char name[16], target[64];
  for (int i = 1; i <= 30; i++) {
    snprintf(name, sizeof name, "%d", i);
    snprintf(target, sizeof target, "%d/%d/../maze/%d", i - 1, i - 1, i - 1);
    if (symlink(target, name) != 0) return 1;
  }
  struct stat status;
  for (;;) stat("30", &status);
}

int main(int argc, char **argv) {
  const char *attack = argc > 1 ? argv[1] : "";
  memset(block, 1, sizeof block);
  if (strcmp(attack, "fill") == 0) return fill();
  if (strcmp(attack, "touch") == 0) return touch();
  if (strcmp(attack, "together") == 0) return together();
  if (strcmp(attack, "files") == 0) return files();
  if (strcmp(attack, "pipes") == 0) return pipes();
  if (strcmp(attack, "objects") == 0) return objects();
  if (strcmp(attack, "environment") == 0) return environment(argv[0], argc > 2 ? argv[2] : "0");
  if (strcmp(attack, "descriptors") == 0) return descriptors();
  if (strcmp(attack, "inodes") == 0) return inodes();
  if (strcmp(attack, "links") == 0) return links();
  return 2;
}
