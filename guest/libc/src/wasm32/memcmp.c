#include <string.h>

#include "simd_string.h"

FAST int differ_64(const unsigned char* a, const unsigned char* b) {
  uint64_t x = *(const loose64*)a ^ *(const loose64*)b;
  if (!x) return 0;
  int i = __builtin_ctzll(x) / 8;
  return a[i] - b[i];
}

FAST int differ_32(const unsigned char* a, const unsigned char* b) {
  uint32_t x = *(const loose32*)a ^ *(const loose32*)b;
  if (!x) return 0;
  int i = __builtin_ctz(x) / 8;
  return a[i] - b[i];
}

FAST int differ_short(const unsigned char* a, const unsigned char* b, size_t n) {
  if (n >= 8) {
    int r = differ_64(a, b);
    return r ? r : differ_64(a + n - 8, b + n - 8);
  }
  if (n >= 4) {
    int r = differ_32(a, b);
    return r ? r : differ_32(a + n - 4, b + n - 4);
  }
  for (size_t i = 0; i < n; i++) {
    if (a[i] != b[i]) return a[i] - b[i];
  }
  return 0;
}

int memcmp(const void* left, const void* right, size_t n) {
  const unsigned char *a = left, *b = right;
  while (n >= 16) {
    unsigned unequal = mask_of(load_loose(a) != load_loose(b));
    if (unequal) {
      int i = __builtin_ctz(unequal);
      return a[i] - b[i];
    }
    a += 16;
    b += 16;
    n -= 16;
  }
  return differ_short(a, b, n);
}
