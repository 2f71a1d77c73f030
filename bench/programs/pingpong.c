// pingpong ROUNDS: two threads take turns by a mutex and a condition variable.
#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long rounds;
static int turn;

static void play(int me) {
  for (long i = 0; i < rounds; i++) {
    pthread_mutex_lock(&mutex);
    while (turn != me) pthread_cond_wait(&changed, &mutex);
    turn = !me;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mutex);
  }
}

static void* other(void* unused) {
  (void)unused;
  play(1);
  return 0;
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  rounds = atol(argv[1]);
  pthread_t thread;
  if (pthread_create(&thread, 0, other, 0)) return 3;
  play(0);
  pthread_join(thread, 0);
  return turn;
}
