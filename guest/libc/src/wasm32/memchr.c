#include <string.h>

#include "simd_string.h"

void* memchr(const void* s, int c, size_t n) {
  if (!n) return 0;
  const unsigned char* start = launder(s);
  const unsigned char* p = align_down(start);
  const bytes16 wanted = splat((unsigned char)c);
  unsigned hits = mask_of(load_aligned(p) == wanted) >> offset_in_16(start);
  if (hits) {
    size_t at = (size_t)__builtin_ctz(hits);
    return at < n ? (void*)(start + at) : 0;
  }
  /* Distances, not pointers: start + n may wrap ("as far as it goes"). */
  size_t done = 16 - offset_in_16(start);
  for (; done < n; done += 16) {
    hits = mask_of(load_aligned(start + done) == wanted);
    if (hits) {
      done += (size_t)__builtin_ctz(hits);
      return done < n ? (void*)(start + done) : 0;
    }
  }
  return 0;
}
