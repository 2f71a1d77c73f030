// posix_spawn: arguments, environment, file actions, attributes, errors.
#include <spawn.h>

#include "case.h"
int main(int argc, char** argv) {
  if (argc > 1) {
    char line[64] = "";
    if (!strcmp(argv[1], "read")) {
      ssize_t n = read(0, line, 63);
      line[n < 0 ? 0 : n] = 0;
    }
    sigset_t mask;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    say("spawned: %s env %s stdin [%s] usr1 blocked %d, leader %d", argv[1], getenv("V"), line,
        sigismember(&mask, SIGUSR1), getpgrp() == getpid());
    return argc;
  }
  put_file("in", "input");
  pid_t pid;
  char *args[] = {argv[0], "plain", NULL}, *env[] = {"V=set", NULL};
  int error = posix_spawn(&pid, argv[0], NULL, NULL, args, env);
  reap("plain", pid);
  show_error("spawn", error);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "in", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 5, "out", O_CREAT | O_WRONLY, 0600);
  posix_spawn_file_actions_adddup2(&actions, 5, 1);
  posix_spawn_file_actions_addclose(&actions, 5);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR1);
  posix_spawnattr_setsigmask(&attributes, &mask);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  char* reads[] = {argv[0], "read", "x", NULL};
  error = posix_spawn(&pid, argv[0], &actions, &attributes, reads, env);
  reap("read", pid);
  show_error("spawn", error);
  show_file("out");
  show_error("missing", posix_spawn(&pid, "/no/such", NULL, NULL, args, env));
  char* shell[] = {"sh", "-c", "echo from sh; exit 3", NULL};
  extern char** environ;
  error = posix_spawnp(&pid, "sh", NULL, NULL, shell, environ);
  reap("sh", pid);
  show_error("spawnp", error);
  posix_spawn_file_actions_t bad;
  posix_spawn_file_actions_init(&bad);
  posix_spawn_file_actions_addopen(&bad, 0, "missing", O_RDONLY, 0);
  show_error("failing action", posix_spawn(&pid, argv[0], &bad, NULL, args, env));
  show("no children left", wait(NULL));
  return 0;
}
