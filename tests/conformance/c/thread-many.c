// Many threads, made and joined in waves; a parallel sum.
#include <pthread.h>

#include "case.h"
static long parts[64];
static void* sum(void* argument) {
  long n = (long)argument, s = 0;
  for (long i = n; i < 64000; i += 64) s += i;
  parts[n] = s;
  return NULL;
}
int main(void) {
  for (int wave = 0; wave < 10; wave++) {
    pthread_t t[64];
    for (long i = 0; i < 64; i++) {
      if (pthread_create(&t[i], NULL, sum, (void*)i)) return 1;
    }
    for (int i = 0; i < 64; i++) pthread_join(t[i], NULL);
  }
  long total = 0;
  for (int i = 0; i < 64; i++) total += parts[i];
  say("total %ld", total);
  return 0;
}
