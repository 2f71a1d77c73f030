/* The thread pointer is a mutable global of the module, so that the engine keeps one for each
 * thread. It is defined in src/wasm32/thread_pointer.c. */
static inline __attribute__((__always_inline__)) uintptr_t __get_tp(void) {
  uintptr_t tp;
  __asm__(".globaltype __cloche_tp, i32\n\tglobal.get __cloche_tp\n\tlocal.set %0" : "=r"(tp));
  return tp;
}

#define MC_PC __gregs[0]
