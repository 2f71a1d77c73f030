/* The allocator as a program sees it: random requests, each block filled with its own pattern and
 * checked before it changes hands; with threads that free each other's blocks. */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                     \
  do {                                                       \
    if (!(condition)) {                                      \
      printf("%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                               \
    }                                                        \
  } while (0)

enum { kSlots = 400, kThreads = 4, kTurns = 40000 };

struct slot {
  pthread_mutex_t lock;
  unsigned char *block, pattern;
  size_t size;
};

static struct slot slots[kSlots];

static unsigned next(unsigned* seed, unsigned below) {
  *seed = *seed * 1103515245 + 12345;
  return (*seed >> 8) % below;
}

static size_t random_size(unsigned* seed) {
  switch (next(seed, 12)) {
    case 0:
      return 1 + next(seed, 100000);
    case 1:
      return next(seed, 200) ? 1 + next(seed, 3000) : 1000000 + next(seed, 2000000);
    default:
      return 1 + next(seed, 600);
  }
}

static void check(const struct slot* s, size_t size) {
  for (size_t i = 0; i < size; i++) CHECK(s->block[i] == s->pattern);
}

static void use(struct slot* s, unsigned* seed) {
  if (s->block && next(seed, 3)) {
    check(s, s->size);
    free(s->block);
    s->block = 0;
    return;
  }
  size_t old = s->block ? s->size : 0;
  s->size = random_size(seed);
  s->block = realloc(s->block, s->size);
  CHECK(s->block && (uintptr_t)s->block % 16 == 0);
  check(s, old < s->size ? old : s->size);
  s->pattern = (unsigned char)next(seed, 256);
  memset(s->block, s->pattern, s->size);
}

static void* worker(void* argument) {
  unsigned seed = (unsigned)(uintptr_t)argument;
  for (int i = 0; i < kTurns; i++) {
    struct slot* s = &slots[next(&seed, kSlots)];
    pthread_mutex_lock(&s->lock);
    use(s, &seed);
    pthread_mutex_unlock(&s->lock);
  }
  return 0;
}

static void check_edges(void) {
  /* Volatile: a compiler knows that some of these must fail. */
  volatile size_t huge = SIZE_MAX - 8, half = SIZE_MAX / 2;
  /* Compilers know too much about these by name. */
  void* (*volatile opaque_malloc)(size_t) = malloc;
  void* (*volatile opaque_calloc)(size_t, size_t) = calloc;
  errno = 0;
  CHECK(!opaque_malloc(huge) && errno == ENOMEM);
  CHECK(!opaque_calloc(half, 3));
  CHECK(!reallocarray(0, half, 3));
  void* p = malloc(0);
  CHECK(p && p != malloc(0));
  for (size_t align = 16; align <= 65536; align *= 2) {
    void* block;
    CHECK(posix_memalign(&block, align, 100) == 0 && (uintptr_t)block % align == 0);
    memset(block, 1, 100);
    free(block);
  }
  char* grown = 0;
  for (size_t n = 1; n < 3000000; n += n / 3 + 1) {
    grown = realloc(grown, n);
    CHECK(grown);
    grown[n - 1] = (char)n;
    CHECK(malloc_usable_size(grown) >= n);
  }
  free(grown);
}

int main(void) {
  pthread_t threads[kThreads];
  for (int i = 0; i < kSlots; i++) pthread_mutex_init(&slots[i].lock, 0);
  check_edges();
  worker((void*)99);
  for (uintptr_t i = 0; i < kThreads; i++) {
    int r = pthread_create(&threads[i], 0, worker, (void*)(i + 1));
    if (r) {
      printf("pthread_create: %s\n", strerror(r));
      return 1;
    }
  }
  for (int i = 0; i < kThreads; i++) pthread_join(threads[i], 0);
  puts("ok");
  return 0;
}
