/* Runs the allocator on the host against a model: random requests, every block filled with its own
 * pattern and checked before it changes hands, the heap walked now and then. Built with sanitizers
 * by tests/run. Argument: a seed. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define __libc_malloc model_malloc
#define __libc_free model_free
#define __libc_calloc model_calloc
#define __libc_realloc model_realloc
#define aligned_alloc model_aligned_alloc
#define malloc_usable_size model_usable_size
#define CLOCHE_MALLOC_TEST
#include "../src/wasm32/malloc.c"

#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                        \
    }                                                                 \
  } while (0)

enum { kArena = 256 << 20, kSlots = 3000 };

static char *arena, *arena_break, *arena_limit;

char* test_break(char* end) {
  if (!arena) {
    arena = arena_break =
        mmap(0, kArena, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    arena_limit = arena + (64 << 20);
  }
  if (end && end >= arena && end <= arena_limit) {
    if (end < arena_break) memset(end, 0xdd, (size_t)(arena_break - end));
    arena_break = end;
  }
  return arena_break;
}

static uint64_t state;
static unsigned random_below(unsigned n) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(state >> 33) % n;
}

static size_t random_size(void) {
  switch (random_below(16)) {
    case 0:
      return 0;
    case 1:
      return random_below(200000);
    case 2:
      return random_below(100) == 0 ? random_below(5000000) : random_below(5000);
    case 3:
    case 4:
      return random_below(5000);
    default:
      return random_below(600);
  }
}

static struct slot {
  unsigned char *block, pattern;
  size_t size;
} slots[kSlots];

static void fill(struct slot* s) { memset(s->block, s->pattern, s->size); }

static void check(const struct slot* s, size_t size) {
  for (size_t i = 0; i < size; i++) CHECK(s->block[i] == s->pattern);
}

/* Every chunk of the break's heap, in order: sizes, flags and neighbours agree. */
static void walk_heap(void) {
  if (!heap.fence) return;
  struct chunk* c = (struct chunk*)chunk_start(arena);
  int before_used = 1;
  size_t before_size = 0;
  while (c != heap.fence) {
    size_t size = size_of(c);
    CHECK(size >= kSmallest && size % kGrain == 0);
    CHECK(!!(c->head & kBeforeUsed) == before_used);
    if (!before_used) CHECK(c->foot == before_size && (c->head & kUsed));
    before_used = c->head & kUsed;
    before_size = size;
    c = at(c, size);
    CHECK(c <= heap.fence);
  }
  CHECK(!!(c->head & kBeforeUsed) == before_used);
}

static void get(struct slot* s) {
  s->size = random_size();
  s->pattern = (unsigned char)random_below(256);
  size_t align = kGrain;
  switch (random_below(20)) {
    case 0:
      align = (size_t)16 << random_below(9);
      s->block = model_aligned_alloc(align, s->size);
      break;
    case 1:
      s->block = model_calloc(s->size / 8, 8);
      s->size = s->size / 8 * 8;
      CHECK(s->block);
      for (size_t i = 0; i < s->size; i++) CHECK(s->block[i] == 0);
      break;
    default:
      s->block = model_malloc(s->size);
  }
  CHECK(s->block && (uintptr_t)s->block % align == 0);
  CHECK(model_usable_size(s->block) >= s->size);
  fill(s);
}

static void resize(struct slot* s) {
  size_t old = s->size, size = random_size();
  s->block = model_realloc(s->block, size);
  CHECK(s->block && (uintptr_t)s->block % kGrain == 0);
  check(s, old < size ? old : size);
  s->size = size;
  fill(s);
}

static void put(struct slot* s) {
  check(s, s->size);
  model_free(s->block);
  s->block = 0;
}

int main(int argc, char** argv) {
  state = argc > 1 ? strtoull(argv[1], 0, 10) : 1;
  /* Half of the runs have a break that soon cannot grow. */
  test_break(0);
  if (state % 2) arena_limit = arena + (2 << 20);
  for (int turn = 0; turn < 400000; turn++) {
    struct slot* s = &slots[random_below(kSlots)];
    if (!s->block) {
      get(s);
    } else if (random_below(4) == 0) {
      resize(s);
    } else {
      put(s);
    }
    if (turn % 4096 == 0) walk_heap();
  }
  for (int i = 0; i < kSlots; i++) {
    if (slots[i].block) put(&slots[i]);
  }
  empty_quick_lists();
  walk_heap();
  trim();
  walk_heap();
  /* All is free: one chunk, and the end was given back. */
  CHECK(size_of((struct chunk*)chunk_start(arena)) + kHeader <=
        (size_t)(arena_break - chunk_start(arena)));
  CHECK(!(heap.fence->head & kBeforeUsed) && heap.fence->foot < kTrimLimit);
  CHECK(!model_malloc(SIZE_MAX) && !model_malloc(PTRDIFF_MAX) && !model_calloc(SIZE_MAX / 2, 3));
  CHECK(!model_aligned_alloc(24, 8) && errno == EINVAL);
  puts("ok");
  return 0;
}
