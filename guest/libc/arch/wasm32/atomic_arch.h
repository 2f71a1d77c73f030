/* One virtual CPU, threads switched only at function entries and loop back-edges: a load, an
 * operation and a store without a call or a loop between them are atomic. The barriers keep the
 * compiler from moving anything in between. Everything here must be inlined. */
#define __CLOCHE_ATOMIC static inline __attribute__((__always_inline__))
#define __CLOCHE_FENCE __asm__ __volatile__("" ::: "memory")

#define a_barrier a_barrier
__CLOCHE_ATOMIC void a_barrier(void) { __CLOCHE_FENCE; }

#define a_cas a_cas
__CLOCHE_ATOMIC int a_cas(volatile int* p, int expected, int desired) {
  __CLOCHE_FENCE;
  int old = *p;
  *p = old == expected ? desired : old;
  __CLOCHE_FENCE;
  return old;
}

#define a_cas_p a_cas_p
__CLOCHE_ATOMIC void* a_cas_p(volatile void* p, void* expected, void* desired) {
  __CLOCHE_FENCE;
  void* volatile* q = (void* volatile*)p;
  void* old = *q;
  *q = old == expected ? desired : old;
  __CLOCHE_FENCE;
  return old;
}

#define __CLOCHE_FETCH(name, type, operation)           \
  __CLOCHE_ATOMIC type name(volatile type* p, type v) { \
    __CLOCHE_FENCE;                                     \
    type old = *p;                                      \
    *p = operation;                                     \
    __CLOCHE_FENCE;                                     \
    return old;                                         \
  }

#define a_swap a_swap
__CLOCHE_FETCH(a_swap, int, v)
#define a_fetch_add a_fetch_add
__CLOCHE_FETCH(a_fetch_add, int, (int)((unsigned)old + (unsigned)v))
#define a_fetch_and a_fetch_and
__CLOCHE_FETCH(a_fetch_and, int, old& v)
#define a_fetch_or a_fetch_or
__CLOCHE_FETCH(a_fetch_or, int, old | v)
#undef __CLOCHE_FETCH

#define a_and a_and
__CLOCHE_ATOMIC void a_and(volatile int* p, int v) { a_fetch_and(p, v); }
#define a_or a_or
__CLOCHE_ATOMIC void a_or(volatile int* p, int v) { a_fetch_or(p, v); }
#define a_inc a_inc
__CLOCHE_ATOMIC void a_inc(volatile int* p) { a_fetch_add(p, 1); }
#define a_dec a_dec
__CLOCHE_ATOMIC void a_dec(volatile int* p) { a_fetch_add(p, -1); }

#define a_store a_store
__CLOCHE_ATOMIC void a_store(volatile int* p, int x) {
  __CLOCHE_FENCE;
  *p = x;
  __CLOCHE_FENCE;
}

/* Whoever holds the lock cannot run while we spin. */
#define a_spin a_spin
__CLOCHE_ATOMIC void a_spin(void) { __CLOCHE_FENCE; }

#define a_crash a_crash
__CLOCHE_ATOMIC void a_crash(void) { __builtin_trap(); }

#define a_ctz_64 a_ctz_64
__CLOCHE_ATOMIC int a_ctz_64(unsigned long long x) { return __builtin_ctzll(x); }
#define a_ctz_32 a_ctz_32
__CLOCHE_ATOMIC int a_ctz_32(unsigned x) { return __builtin_ctz(x); }
#define a_clz_64 a_clz_64
__CLOCHE_ATOMIC int a_clz_64(unsigned long long x) { return __builtin_clzll(x); }
#define a_clz_32 a_clz_32
__CLOCHE_ATOMIC int a_clz_32(unsigned x) { return __builtin_clz(x); }
