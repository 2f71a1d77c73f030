// malloc: alignment, reuse, realloc, calloc zeroes, many sizes, nothing overlaps, big ones fail.
#include <malloc.h>

#include "case.h"
static uint32_t state = 7;
static uint32_t next(void) { return state = state * 1664525 + 1013904223; }
int main(void) {
  enum { kSlots = 400 };
  unsigned char* p[kSlots] = {0};
  size_t size[kSlots] = {0};
  int wrong = 0;
  for (int i = 0; i < 60000; i++) {
    unsigned s = next() >> 8, k = s % kSlots;
    if (p[k]) {
      for (size_t j = 0; j < size[k]; j += 61) wrong += p[k][j] != (unsigned char)(k + j);
      if (s & 0x10000) {
        size_t more = size[k] + next() % 3000;
        p[k] = realloc(p[k], more);
        for (size_t j = 0; j < size[k]; j += 61) wrong += p[k][j] != (unsigned char)(k + j);
        size[k] = more;
      } else {
        free(p[k]);
        p[k] = NULL;
        continue;
      }
    } else {
      size[k] = next() >> (8 + next() % 20);
      size[k] %= 100000;
      p[k] = malloc(size[k]);
    }
    if (((uintptr_t)p[k] & (2 * sizeof(void*) - 1) & 7) != 0) wrong++;
    for (size_t j = 0; j < size[k]; j++) p[k][j] = (unsigned char)(k + j);
  }
  say("wrong %d", wrong);
  for (int k = 0; k < kSlots; k++) free(p[k]);
  unsigned char* z = calloc(1000, 1000);
  for (int i = 0; i < 1000000; i++) wrong += z[i];
  free(z);
  z = malloc(100000);
  memset(z, 0xff, 100000);
  free(z);
  z = calloc(1, 100000);
  for (int i = 0; i < 100000; i++) wrong += z[i];
  say("calloc %d", wrong);
  void* a = NULL;
  show_error("posix_memalign", posix_memalign(&a, 4096, 100));
  say("aligned %d", ((uintptr_t)a & 4095) == 0);
  show_error("bad alignment", posix_memalign(&a, 3, 100));
  say("aligned_alloc %d", ((uintptr_t)aligned_alloc(256, 512) & 255) == 0);
  void* volatile result = calloc(SIZE_MAX / 2, 3);
  say("overflow %d", result == NULL);
  errno = 0;
  result = malloc(PTRDIFF_MAX);
  say("huge %d %s", result == NULL, error_name(errno));
  say("realloc null %d", realloc(NULL, 10) != NULL);
  say("usable %d", malloc_usable_size(malloc(100)) >= 100);
  free(NULL);
  return 0;
}
