// Condition variables: a bounded queue, broadcast, timed waits.
#include <pthread.h>

#include "case.h"
enum { kItems = 3000, kSlots = 5 };
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER, not_full = PTHREAD_COND_INITIALIZER,
                      start = PTHREAD_COND_INITIALIZER;
static int queue[kSlots], used, head, go;
static long sums[3];
static void* produce(void* argument) {
  for (int i = 1; i <= kItems; i++) {
    pthread_mutex_lock(&m);
    while (used == kSlots) pthread_cond_wait(&not_full, &m);
    queue[(head + used++) % kSlots] = i;
    pthread_cond_signal(&not_empty);
    pthread_mutex_unlock(&m);
  }
  return NULL;
}
static void* consume(void* argument) {
  for (;;) {
    pthread_mutex_lock(&m);
    while (used == 0) pthread_cond_wait(&not_empty, &m);
    int item = queue[head];
    if (item == -1) {
      pthread_mutex_unlock(&m);
      pthread_cond_broadcast(&not_empty);
      return NULL;
    }
    head = (head + 1) % kSlots;
    used--;
    pthread_cond_signal(&not_full);
    pthread_mutex_unlock(&m);
    *(long*)argument += item;
  }
}
static void* racer(void* argument) {
  pthread_mutex_lock(&m);
  while (!go) pthread_cond_wait(&start, &m);
  go++;
  pthread_mutex_unlock(&m);
  return NULL;
}
int main(void) {
  pthread_t p[2], c[3], r[6];
  for (int i = 0; i < 2; i++) pthread_create(&p[i], NULL, produce, NULL);
  for (int i = 0; i < 3; i++) pthread_create(&c[i], NULL, consume, &sums[i]);
  for (int i = 0; i < 2; i++) pthread_join(p[i], NULL);
  pthread_mutex_lock(&m);
  while (used) pthread_cond_wait(&not_full, &m);
  queue[head] = -1;
  used = 1;
  pthread_cond_broadcast(&not_empty);
  pthread_mutex_unlock(&m);
  for (int i = 0; i < 3; i++) pthread_join(c[i], NULL);
  say("sum %ld", sums[0] + sums[1] + sums[2]);
  for (int i = 0; i < 6; i++) pthread_create(&r[i], NULL, racer, NULL);
  sleep_ms(20);
  pthread_mutex_lock(&m);
  go = 1;
  pthread_cond_broadcast(&start);
  pthread_mutex_unlock(&m);
  for (int i = 0; i < 6; i++) pthread_join(r[i], NULL);
  say("released %d", go - 1);
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  pthread_mutex_lock(&m);
  int64_t before = now_ms();
  t.tv_sec++;
  show_error("timedwait", pthread_cond_timedwait(&start, &m, &t));
  say("waited %d", now_ms() - before > 900);
  show_error("in the past", (t.tv_sec -= 100, pthread_cond_timedwait(&start, &m, &t)));
  pthread_mutex_unlock(&m);
  return 0;
}
