#include <string.h>

#include "simd_string.h"

char* __strchrnul(const char* s, int c) {
  const unsigned char* start = launder(s);
  const unsigned char* p = align_down(start);
  const bytes16 wanted = splat((unsigned char)c);
  bytes16 bytes = load_aligned(p);
  unsigned hits = mask_of((bytes == wanted) | (bytes == 0)) >> offset_in_16(start);
  if (hits) return (char*)start + __builtin_ctz(hits);
  do {
    p += 16;
    bytes = load_aligned(p);
    hits = mask_of((bytes == wanted) | (bytes == 0));
  } while (!hits);
  return (char*)p + __builtin_ctz(hits);
}

weak_alias(__strchrnul, strchrnul);
