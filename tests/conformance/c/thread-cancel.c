// Cancellation at cancellation points, cleanup handlers, disabling.
#include <pthread.h>

#include "case.h"
static int p[2];
static void cleanup(void* argument) { say("cleanup %s", (char*)argument); }
static void* blocked(void* argument) {
  char b;
  pthread_cleanup_push(cleanup, "outer");
  pthread_cleanup_push(cleanup, "inner");
  read(p[0], &b, 1);
  say("never");
  pthread_cleanup_pop(0);
  pthread_cleanup_pop(0);
  return NULL;
}
static void* disabled(void* argument) {
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
  *(volatile int*)argument = 1;
  sleep_ms(50);
  say("not cancelled while disabled");
  pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
  pthread_testcancel();
  say("never");
  return NULL;
}
int main(void) {
  MUST(pipe(p));
  pthread_t t;
  void* value;
  pthread_create(&t, NULL, blocked, NULL);
  sleep_ms(20);
  int error = pthread_cancel(t);
  pthread_join(t, &value);
  show_error("cancel", error);
  say("cancelled %d", value == PTHREAD_CANCELED);
  volatile int ready = 0;
  pthread_create(&t, NULL, disabled, (void*)&ready);
  while (!ready) sched_yield();
  pthread_cancel(t);
  pthread_join(t, &value);
  say("cancelled %d", value == PTHREAD_CANCELED);
  return 0;
}
