#include <string.h>

#include "simd_string.h"

int strcmp(const char* left, const char* right) {
  const unsigned char *a = launder(left), *b = launder(right);
  if (*a != *b || !*a) return *a - *b;
  for (;;) {
    if (!may_read_16(a) || !may_read_16(b)) {
      if (*a != *b || !*a) return *a - *b;
      a++;
      b++;
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
  }
}
