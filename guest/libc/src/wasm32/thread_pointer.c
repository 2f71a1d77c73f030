/* The thread pointer: a mutable wasm global, one for each thread, kept by the engine. */
#include <stdint.h>

__asm__(
    ".globaltype __cloche_tp, i32\n"
    ".globl __cloche_tp\n"
    "__cloche_tp:\n");

int __set_thread_area(void* p) {
  __asm__ volatile("local.get %0\n\tglobal.set __cloche_tp" : : "r"((uintptr_t)p));
  return 0;
}
