// pthread_once, attributes: detached, stack size, limits of misuse.
#include <pthread.h>

#include "case.h"
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int times;
static void init(void) {
  sched_yield();
  times++;
}
static void* work(void* argument) {
  pthread_once(&once, init);
  return NULL;
}
static int deep(int n) {
  volatile char pad[1000];
  pad[0] = (char)n;
  return n == 0 ? 0 : deep(n - 1) + (pad[0] == (char)n);
}
static void* stack(void* argument) { return (void*)(long)deep(500); }
int main(void) {
  pthread_t t[6];
  for (int i = 0; i < 6; i++) pthread_create(&t[i], NULL, work, NULL);
  for (int i = 0; i < 6; i++) pthread_join(t[i], NULL);
  say("once %d", times);
  pthread_attr_t a;
  pthread_attr_init(&a);
  int state;
  pthread_attr_getdetachstate(&a, &state);
  say("joinable %d", state == PTHREAD_CREATE_JOINABLE);
  show_error("stack size", pthread_attr_setstacksize(&a, 1 << 20));
  size_t size;
  pthread_attr_getstacksize(&a, &size);
  say("size %zu", size);
  show_error("too small", pthread_attr_setstacksize(&a, 10));
  pthread_create(&t[0], &a, stack, NULL);
  void* v;
  pthread_join(t[0], &v);
  say("deep %ld", (long)v);
  pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
  show_error("detached", pthread_create(&t[0], &a, work, NULL));
  sleep_ms(20);
  return 0;
}
