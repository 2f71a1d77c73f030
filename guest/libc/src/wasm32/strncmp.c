#include <string.h>

#include "simd_string.h"

int strncmp(const char* left, const char* right, size_t n) {
  const unsigned char *a = launder(left), *b = launder(right);
  while (n) {
    if (n < 16 || !may_read_16(a) || !may_read_16(b)) {
      if (*a != *b || !*a) return *a - *b;
      a++;
      b++;
      n--;
      continue;
    }
    bytes16 x = load_loose(a);
    unsigned ends = mask_of((x != load_loose(b)) | (x == 0));
    if (ends) {
      int i = __builtin_ctz(ends);
      return a[i] - b[i];
    }
    a += 16;
    b += 16;
    n -= 16;
  }
  return 0;
}
