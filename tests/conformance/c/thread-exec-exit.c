// exec and exit from a thread end the others.
#include <pthread.h>

#include "case.h"
static char* program;
static void* spin(void* argument) {
  for (;;) sched_yield();
}
static void* runs_exec(void* argument) {
  execl(program, program, "second", (char*)NULL);
  return NULL;
}
static void* runs_exit(void* argument) { exit(21); }
int main(int argc, char** argv) {
  program = argv[0];
  if (argc > 1) {
    say("second program, pid %s",
        getenv("PID") && atoi(getenv("PID")) == getpid() ? "kept" : "changed");
    return 9;
  }
  for (int i = 0; i < 2; i++) {
    pid_t child = fork();
    if (child == 0) {
      char pid[16];
      sprintf(pid, "%d", getpid());
      setenv("PID", pid, 1);
      pthread_t t;
      pthread_create(&t, NULL, spin, NULL);
      pthread_create(&t, NULL, i ? runs_exit : runs_exec, NULL);
      spin(NULL);
    }
    reap(i ? "exit" : "exec", child);
  }
  return 0;
}
