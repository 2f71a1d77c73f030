// Read-write locks, barriers, spin locks, semaphores.
#include <pthread.h>
#include <semaphore.h>

#include "case.h"
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static sem_t sem;
static int value, serial, phases[4];
static void* reader(void* argument) {
  long bad = 0;
  for (int i = 0; i < 500; i++) {
    pthread_rwlock_rdlock(&rw);
    int a = value;
    if (i % 50 == 0) sched_yield();
    bad += a != value;
    pthread_rwlock_unlock(&rw);
  }
  return (void*)bad;
}
static void* writer(void* argument) {
  for (int i = 0; i < 300; i++) {
    pthread_rwlock_wrlock(&rw);
    value++;
    if (i % 50 == 0) sched_yield();
    pthread_rwlock_unlock(&rw);
  }
  return NULL;
}
static void* phase(void* argument) {
  for (int i = 0; i < 4; i++) {
    __atomic_fetch_add(&phases[i], 1, __ATOMIC_SEQ_CST);
    if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
      __atomic_fetch_add(&serial, 1, __ATOMIC_SEQ_CST);
    if (phases[i] != 5) say("phase %d has %d", i, phases[i]);
  }
  return NULL;
}
static void* post(void* argument) {
  for (int i = 0; i < 100; i++) sem_post(&sem);
  return NULL;
}
int main(void) {
  pthread_t t[6];
  for (int i = 0; i < 4; i++) pthread_create(&t[i], NULL, reader, NULL);
  for (int i = 4; i < 6; i++) pthread_create(&t[i], NULL, writer, NULL);
  long bad = 0;
  for (int i = 0; i < 6; i++) {
    void* v;
    pthread_join(t[i], &v);
    bad += (long)v;
  }
  say("value %d, torn reads %ld", value, bad);
  pthread_rwlock_rdlock(&rw);
  show_error("second reader", pthread_rwlock_tryrdlock(&rw));
  show_error("writer", pthread_rwlock_trywrlock(&rw));
  pthread_barrier_init(&barrier, NULL, 5);
  for (int i = 0; i < 5; i++) pthread_create(&t[i], NULL, phase, NULL);
  for (int i = 0; i < 5; i++) pthread_join(t[i], NULL);
  say("serial threads %d", serial);
  sem_init(&sem, 0, 0);
  show("trywait", sem_trywait(&sem));
  pthread_create(&t[0], NULL, post, NULL);
  for (int i = 0; i < 100; i++) sem_wait(&sem);
  pthread_join(t[0], NULL);
  int left;
  sem_getvalue(&sem, &left);
  show("left", left);
  struct timespec past = {1, 0};
  show("timedwait", sem_timedwait(&sem, &past));
  pthread_spinlock_t spin;
  pthread_spin_init(&spin, 0);
  show_error("spin", pthread_spin_lock(&spin));
  show_error("spin again", pthread_spin_trylock(&spin));
  return 0;
}
