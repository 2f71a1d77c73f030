// processes ATTACK: processes and threads without end.
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

// Everybody forks, for ever.
static int everybody(void) {
  for (;;) fork();
}

// One after the other, each gone before the next is looked for. The first one only watches.
static int chain(void) {
  if (fork() > 0)
    for (;;) pause();
  for (;;)
    if (fork() > 0) _exit(0);
}

// New programs instead of copies.
static int spawn(char *self) {
  char *const argv[] = {self, "spawn", NULL};
  for (;;) {
    pid_t child;
    posix_spawn(&child, self, NULL, NULL, argv, environ);
  }
}

// Sessions of their own that outlive whoever started them.
static int daemons(void) {
  for (int i = 0; i < 1000; i++) {
    const pid_t child = fork();
    if (child < 0) break;
    if (child > 0) continue;
    setsid();
    for (;;)
      if (fork() < 0) usleep(1000);
  }
  usleep(100000);
  return 0;
}

static void *wait_for_ever(void *unused) {
  for (;;) pause();
  return unused;
}

static int threads(void) {
  pthread_t thread;
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 16384);
  for (;;) pthread_create(&thread, &small, wait_for_ever, NULL);
}

// Children that nobody waits for.
static int zombies(void) {
  int count = 0;
  for (; count < 100000; count++) {
    const pid_t child = fork();
    if (child < 0) break;
    if (child == 0) _exit(0);
  }
  printf("%d zombies\n", count);
  for (;;)
    if (fork() == 0) _exit(0);
}

int main(int argc, char **argv) {
  const char *attack = argc > 1 ? argv[1] : "";
  if (strcmp(attack, "everybody") == 0) return everybody();
  if (strcmp(attack, "chain") == 0) return chain();
  if (strcmp(attack, "spawn") == 0) return spawn(argv[0]);
  if (strcmp(attack, "daemons") == 0) return daemons();
  if (strcmp(attack, "threads") == 0) return threads();
  if (strcmp(attack, "zombies") == 0) return zombies();
  if (strcmp(attack, "exec") == 0) return execv(argv[0], argv);
  return 2;
}
