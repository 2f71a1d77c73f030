#include <string.h>

#include "simd_string.h"

size_t strlen(const char* s) {
  const unsigned char* start = launder(s);
  const unsigned char* p = align_down(start);
  unsigned zeros = mask_of(load_aligned(p) == 0) >> offset_in_16(start);
  if (zeros) return (size_t)__builtin_ctz(zeros);
  do {
    p += 16;
    zeros = mask_of(load_aligned(p) == 0);
  } while (!zeros);
  return (size_t)(p - start) + (size_t)__builtin_ctz(zeros);
}
