#include <string.h>

#include "simd_string.h"

/* Overlapping halves, so that no length of up to 16 needs a loop. n >= 1. */
FAST void copy_short(unsigned char* to, const unsigned char* from, size_t n) {
  if (n >= 8) {
    uint64_t first = *(const loose64*)from, last = *(const loose64*)(from + n - 8);
    *(loose64*)to = first;
    *(loose64*)(to + n - 8) = last;
  } else if (n >= 4) {
    uint32_t first = *(const loose32*)from, last = *(const loose32*)(from + n - 4);
    *(loose32*)to = first;
    *(loose32*)(to + n - 4) = last;
  } else {
    unsigned char first = from[0], middle = from[n / 2], last = from[n - 1];
    to[0] = first;
    to[n / 2] = middle;
    to[n - 1] = last;
  }
}

char* __stpcpy(char* restrict to, const char* restrict from) {
  size_t n = strlen(from);
  if (n < 16) {
    copy_short((unsigned char*)to, (const unsigned char*)from, n + 1);
  } else {
    __builtin_memcpy(to, from, n + 1);
  }
  return to + n;
}

weak_alias(__stpcpy, stpcpy);
