// Starts threads until the kernel says no.
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static void* wait_for_ever(void* unused) {
  for (;;) pause();
  return unused;
}

int main(void) {
  int count = 0, error = 0;
  pthread_t thread;
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 16384);
  while (count < 100000 && (error = pthread_create(&thread, &small, wait_for_ever, 0)) == 0)
    count++;
  printf("threads %d error %s\n", count,
         error == EAGAIN   ? "EAGAIN"
         : error == ENOMEM ? "ENOMEM"
                           : "other");
  return 0;
}
