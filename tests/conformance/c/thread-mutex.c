// Mutexes: exclusion, trylock, timedlock, recursive, error checking.
#include <pthread.h>

#include "case.h"
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static long counter;
static void* add(void* argument) {
  for (int i = 0; i < 20000; i++) {
    pthread_mutex_lock(&m);
    long v = counter;
    if (i % 1000 == 0) sched_yield();
    counter = v + 1;
    pthread_mutex_unlock(&m);
  }
  return NULL;
}
static void* try_it(void* argument) {
  pthread_mutex_t* which = argument;
  show_error("trylock elsewhere", pthread_mutex_trylock(which));
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  t.tv_nsec += 30000000;
  if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
  show_error("timedlock", pthread_mutex_timedlock(which, &t));
  show_error("unlock of another's", pthread_mutex_unlock(which));
  return NULL;
}
int main(void) {
  pthread_t t[5];
  for (int i = 0; i < 5; i++) pthread_create(&t[i], NULL, add, NULL);
  for (int i = 0; i < 5; i++) pthread_join(t[i], NULL);
  say("counter %ld", counter);
  pthread_mutexattr_t a;
  pthread_mutexattr_init(&a);
  pthread_mutex_t r, e;
  pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(&r, &a);
  show_error("recursive", pthread_mutex_lock(&r));
  show_error("recursive", pthread_mutex_lock(&r));
  show_error("recursive try", pthread_mutex_trylock(&r));
  for (int i = 0; i < 3; i++) show_error("unlock", pthread_mutex_unlock(&r));
  show_error("one too many", pthread_mutex_unlock(&r));
  pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_init(&e, &a);
  show_error("errorcheck", pthread_mutex_lock(&e));
  show_error("twice", pthread_mutex_lock(&e));
  pthread_create(&t[0], NULL, try_it, &e);
  pthread_join(t[0], NULL);
  show_error("unlock", pthread_mutex_unlock(&e));
  show_error("unlocked", pthread_mutex_unlock(&e));
  show_error("destroy", pthread_mutex_destroy(&e));
  show_error("trylock own", (pthread_mutex_lock(&m), pthread_mutex_trylock(&m)));
  return 0;
}
