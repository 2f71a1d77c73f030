// pthread_create, join, return values, identity, detach, exit of the main thread last.
#include <pthread.h>

#include "case.h"
static pthread_t ids[8];
static void* work(void* argument) {
  long n = (long)argument;
  ids[n] = pthread_self();
  if (n == 3) pthread_exit((void*)333);
  return (void*)(n * n);
}
static int ready;
static void* detached(void* argument) {
  __atomic_store_n(&ready, 1, __ATOMIC_SEQ_CST);
  return NULL;
}
static void* last(void* argument) {
  pthread_join(*(pthread_t*)argument, NULL);
  say("the main thread has gone, exit by the last");
  exit(6);
}
int main(void) {
  pthread_t t[8];
  for (long i = 0; i < 8; i++) show_error("create", pthread_create(&t[i], NULL, work, (void*)i));
  for (int i = 0; i < 8; i++) {
    void* value;
    int e = pthread_join(t[i], &value);
    say("join %s value %ld id %d", error_name(e), (long)value, pthread_equal(ids[i], t[i]) != 0);
  }
  pthread_t d;
  pthread_create(&d, NULL, detached, NULL);
  show_error("detach", pthread_detach(d));
  while (!__atomic_load_n(&ready, __ATOMIC_SEQ_CST)) sched_yield();
  pid_t child = fork();
  if (child == 0) {
    static pthread_t me;
    me = pthread_self();
    pthread_create(&d, NULL, last, &me);
    pthread_exit(NULL);
  }
  reap("child", child);
  return 0;
}
