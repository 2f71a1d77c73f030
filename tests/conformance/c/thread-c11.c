// C11 threads and atomics.
#include <stdatomic.h>
#include <threads.h>

#include "case.h"
static atomic_int count;
static mtx_t m;
static cnd_t c;
static once_flag flag = ONCE_FLAG_INIT;
static thread_local int mine = 3;
static int once_count;
static void init(void) { once_count++; }
static int work(void* argument) {
  call_once(&flag, init);
  for (int i = 0; i < 1000; i++) atomic_fetch_add(&count, 1);
  mine++;
  mtx_lock(&m);
  cnd_signal(&c);
  mtx_unlock(&m);
  return mine;
}
int main(void) {
  thrd_t t[4];
  mtx_init(&m, mtx_plain);
  cnd_init(&c);
  for (int i = 0; i < 4; i++) show("create", thrd_create(&t[i], work, NULL) == thrd_success);
  for (int i = 0; i < 4; i++) {
    int r;
    thrd_join(t[i], &r);
    say("result %d", r);
  }
  say("count %d mine %d once %d", count, mine, once_count);
  show("trylock", mtx_trylock(&m) == thrd_success);
  atomic_flag f = ATOMIC_FLAG_INIT;
  say("%d", atomic_flag_test_and_set(&f));
  say("%d", atomic_flag_test_and_set(&f));
  int expected = 4000;
  say("cas %d", atomic_compare_exchange_strong(&count, &expected, 1));
  say("exchange %d", atomic_exchange(&count, 9));
  return 0;
}
