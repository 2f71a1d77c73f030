#include <string.h>

#include "simd_string.h"

void* __memrchr(const void* s, int c, size_t n) {
  if (!n) return 0;
  const unsigned char* start = launder(s);
  const unsigned char* last = start + n - 1;
  const unsigned char* p = align_down(last);
  const bytes16 wanted = splat((unsigned char)c);
  unsigned hits = mask_of(load_aligned(p) == wanted) & (0xffffu >> (15 - offset_in_16(last)));
  for (;;) {
    if (hits) {
      const unsigned char* hit = p + 31 - __builtin_clz(hits);
      return hit >= start ? (void*)hit : 0;
    }
    if (p <= start) return 0;
    p -= 16;
    hits = mask_of(load_aligned(p) == wanted);
  }
}

weak_alias(__memrchr, memrchr);
