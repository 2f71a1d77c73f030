// Thread-local storage: initial values, own copies, keys with destructors, errno.
#include <pthread.h>

#include "case.h"
static __thread int counter = 5;
static __thread char name[32] = "initial";
static _Thread_local int array[100];
static pthread_key_t key;
static void destroy(void* value) { say("destroyed %ld", (long)value); }
static void* work(void* argument) {
  long n = (long)argument;
  int fresh = counter == 5 && !strcmp(name, "initial") && array[50] == 0;
  counter += (int)n;
  snprintf(name, sizeof name, "thread %ld", n);
  array[50] = (int)n;
  pthread_setspecific(key, (void*)n);
  errno = (int)n + 100;
  sched_yield();
  say("thread %ld: fresh %d, %d %s %d key %ld errno %d", n, fresh, counter, name, array[50],
      (long)pthread_getspecific(key), errno);
  return NULL;
}
int main(void) {
  pthread_key_create(&key, destroy);
  counter = 77;
  strcpy(name, "main");
  errno = 7;
  for (long i = 1; i <= 3; i++) {
    pthread_t t;
    pthread_create(&t, NULL, work, (void*)i);
    pthread_join(t, NULL);
  }
  say("main: %d %s %d key %ld errno %d", counter, name, array[50], (long)pthread_getspecific(key),
      errno);
  pid_t child = fork();
  if (child == 0) {
    say("child: %d %s", counter, name);
    counter++;
    _exit(counter == 78 ? 0 : 1);
  }
  reap("child", child);
  say("parent: %d", counter);
  show_error("delete", pthread_key_delete(key));
  return 0;
}
