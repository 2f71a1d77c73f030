// fork in a program with threads: only the caller lives in the child; atfork handlers.
#include <pthread.h>

#include "case.h"
static volatile int stop, spins;
static void* spin(void* argument) {
  while (!stop) {
    spins++;
    sched_yield();
  }
  return NULL;
}
static void* forker(void* argument) {
  pid_t child = fork();
  if (child == 0) {
    int before = spins;
    sleep_ms(20);
    pthread_t t;
    stop = 1;
    int e = pthread_create(&t, NULL, spin, NULL);
    pthread_join(t, NULL);
    say("child of a thread: others %s, new thread %s", spins == before ? "gone" : "alive",
        error_name(e));
    exit(12);
  }
  reap("child of a thread", child);
  return NULL;
}
int main(void) {
  pthread_t a, b, f;
  pthread_create(&a, NULL, spin, NULL);
  pthread_create(&b, NULL, spin, NULL);
  pthread_create(&f, NULL, forker, NULL);
  pthread_join(f, NULL);
  pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&m);
  pid_t child = fork();
  if (child == 0) {
    show_error("own lock", pthread_mutex_unlock(&m));
    _exit(4);
  }
  reap("child of main", child);
  stop = 1;
  pthread_join(a, NULL);
  pthread_join(b, NULL);
  return 0;
}
