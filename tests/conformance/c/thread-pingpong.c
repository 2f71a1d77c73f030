// Two threads take turns by a mutex and a condition, and by pipes.
#include <pthread.h>

#include "case.h"
enum { kRounds = 3000 };
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int turn, a[2], b[2];
static void* other(void* argument) {
  for (int i = 0; i < kRounds; i++) {
    pthread_mutex_lock(&m);
    while (turn != 1) pthread_cond_wait(&c, &m);
    turn = 0;
    pthread_cond_signal(&c);
    pthread_mutex_unlock(&m);
  }
  int n;
  while (read(a[0], &n, sizeof n) == sizeof n) {
    n++;
    write(b[1], &n, sizeof n);
  }
  return NULL;
}
int main(void) {
  pthread_t t;
  MUST(pipe(a));
  MUST(pipe(b));
  pthread_create(&t, NULL, other, NULL);
  for (int i = 0; i < kRounds; i++) {
    pthread_mutex_lock(&m);
    while (turn != 0) pthread_cond_wait(&c, &m);
    turn = 1;
    pthread_cond_signal(&c);
    pthread_mutex_unlock(&m);
  }
  int n = 0;
  for (int i = 0; i < kRounds; i++) {
    write(a[1], &n, sizeof n);
    read(b[0], &n, sizeof n);
  }
  close(a[1]);
  pthread_join(t, NULL);
  say("n %d", n);
  return 0;
}
