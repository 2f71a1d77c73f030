// pthread_atfork handlers run in the documented order: prepare last first, the others first first.
#include <pthread.h>

#include "case.h"
static char log_[256];
static void p1(void) { strcat(log_, " prepare1"); }
static void p2(void) { strcat(log_, " prepare2"); }
static void a1(void) { strcat(log_, " parent1"); }
static void a2(void) { strcat(log_, " parent2"); }
static void c1(void) { strcat(log_, " child1"); }
static void c2(void) { strcat(log_, " child2"); }
int main(void) {
  show_error("atfork", pthread_atfork(p1, a1, c1));
  show_error("atfork", pthread_atfork(p2, a2, c2));
  show_error("atfork with none", pthread_atfork(NULL, NULL, NULL));
  pid_t child = fork();
  if (child == 0) {
    say("child:%s", log_);
    _exit(1);
  }
  reap("child", child);
  say("parent:%s", log_);
  return 0;
}
