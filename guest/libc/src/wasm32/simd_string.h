/* Tools of the string functions that look at 16 bytes at a time.
 *
 * Memory has no holes and ends at a multiple of 64 KiB, so an aligned load that touches a byte of
 * an object is always in bounds, though it may read bytes around the object. `launder` hides from
 * the compiler which object that is. */
#ifndef CLOCHE_SIMD_STRING_H
#define CLOCHE_SIMD_STRING_H

#include <stddef.h>
#include <stdint.h>

typedef unsigned char bytes16 __attribute__((__vector_size__(16), __aligned__(16), __may_alias__));
typedef unsigned char loose16 __attribute__((__vector_size__(16), __aligned__(1), __may_alias__));
typedef uint64_t __attribute__((__aligned__(1), __may_alias__)) loose64;
typedef uint32_t __attribute__((__aligned__(1), __may_alias__)) loose32;

#define FAST static inline __attribute__((__always_inline__))

FAST const unsigned char* launder(const void* p) {
  __asm__("" : "+r"(p));
  return p;
}

FAST bytes16 load_aligned(const unsigned char* p) { return *(const bytes16*)p; }
FAST bytes16 load_loose(const unsigned char* p) { return *(const loose16*)p; }
FAST bytes16 splat(unsigned char c) {
  return (bytes16){c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c};
}

/* Bit i: byte i is not zero in the result of a comparison. */
FAST unsigned mask_of(bytes16 comparison) {
  return (unsigned)__builtin_wasm_bitmask_i8x16(
      (signed char __attribute__((__vector_size__(16))))comparison);
}

FAST const unsigned char* align_down(const unsigned char* p) {
  return (const unsigned char*)((uintptr_t)p & ~(uintptr_t)15);
}
FAST unsigned offset_in_16(const unsigned char* p) { return (unsigned)(uintptr_t)p & 15; }

/* May 16 bytes be read at p, whatever is there? False near the end of a 64 KiB block only. */
FAST int may_read_16(const unsigned char* p) { return ((uintptr_t)p & 0xffff) <= 0xfff0; }

#endif
