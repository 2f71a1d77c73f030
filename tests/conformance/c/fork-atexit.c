// atexit handlers and destructors: run by exit in each process, not by _exit.
#include "case.h"
static void first(void) { say("handler one in %s", getenv("WHO")); }
static void second(void) { say("handler two in %s", getenv("WHO")); }
__attribute__((destructor)) static void last(void) { say("destructor in %s", getenv("WHO")); }
__attribute__((constructor)) static void early(void) { say("constructor"); }
int main(void) {
  setenv("WHO", "parent", 1);
  atexit(first);
  atexit(second);
  pid_t child = fork();
  if (child == 0) {
    setenv("WHO", "child", 1);
    exit(5);
  }
  reap("child", child);
  child = fork();
  if (child == 0) _exit(6);
  reap("child", child);
  return 1;
}
