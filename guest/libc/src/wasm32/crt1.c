/* The entry of every program. */
#include <stddef.h>
#include <sys/mman.h>

#include "libc.h"
#include "syscall.h"

__attribute__((__import_module__("kern"), __import_name__("startup"))) long __kern_startup(
    void* buffer, long size);
__attribute__((__import_module__("kern"), __import_name__("set_sigword"))) long __kern_set_sigword(
    volatile int* word);

void __wasm_call_ctors(void);
int __main_void(void);
_Noreturn void exit(int);
/* Only C++ programs with exceptions have it (guest/libcxx/exceptions.cc). */
__attribute__((__weak__)) int __cloche_guard(int (*run)(void*), void* argument);
extern int __cloche_argc;
extern char** __cloche_argv;

enum { kOnStack = 16384 };

/* Arguments, environment and auxiliary vector, for the life of the program. */
static inline __attribute__((__always_inline__)) long* start_block(char* buffer, long size) {
  if (size > kOnStack) {
    buffer =
        (char*)__linux_mmap2(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if ((unsigned long)buffer > -4096ul) __builtin_trap();
  }
  __kern_startup(buffer, size);
  return (long*)buffer;
}

static int run(void* unused) {
  __wasm_call_ctors();
  exit(__main_void());
}

__attribute__((__export_name__("_start"))) void _start(void) {
  long size = __kern_startup(0, 0);
  char small[size > kOnStack ? 16 : size] __attribute__((__aligned__(16)));
  long* block = start_block(small, size);
  __cloche_argc = block[0];
  __cloche_argv = (char**)(block + 1);
  __init_libc(__cloche_argv + __cloche_argc + 1, __cloche_argv[0]);
  __kern_set_sigword(&__cloche_sigword);
  if (__cloche_guard) __cloche_guard(run, 0);
  run(0);
}
