#include <cloche/warm.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define KERN(name) __attribute__((__import_module__("kern"), __import_name__(#name)))
KERN(startup) long __kern_startup(void* buffer, long size);
KERN(set_sigword) long __kern_set_sigword(volatile int* word);
KERN(cold) long __kern_cold(void);

/* Of the libc (guest/libc/src/wasm32). */
extern int __cloche_argc;
extern char** __cloche_argv;
extern volatile int __cloche_sigword;
void __init_libc(char** environment, char* name);
void __cloche_restart(char** environment, char* name);
void __wasm_call_ctors(void);
long __cloche_wait(long result);

enum { kOnStack = 16384 };

/* Arguments, environment and auxiliary vector. `buffer` holds `size` bytes, or is too small. */
static long* startup_block(char* buffer, long size, long room) {
  if (size > room) {
    buffer = mmap(0, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (buffer == MAP_FAILED) abort();
  }
  __kern_startup(buffer, size);
  long* block = (long*)buffer;
  __cloche_argc = (int)block[0];
  __cloche_argv = (char**)(block + 1);
  return block;
}

/* The libc is not there before the end of __init_libc(), so this block is on the stack; the host
 * gives the warm-up a few words of environment only. */
__attribute__((__export_name__("__cloche_warm"))) void __cloche_warm(void) {
  char buffer[kOnStack] __attribute__((__aligned__(16)));
  const long size = __kern_startup(0, 0);
  if (size > kOnStack) __builtin_trap();
  startup_block(buffer, size, kOnStack);
  __init_libc(__cloche_argv + __cloche_argc + 1, __cloche_argv[0]);
  __kern_set_sigword(&__cloche_sigword);
  __wasm_call_ctors();
  cloche_warm_up();
}

__attribute__((__export_name__("__cloche_resume"))) void __cloche_resume(void) {
  char buffer[kOnStack] __attribute__((__aligned__(16)));
  startup_block(buffer, __kern_startup(0, 0), kOnStack);
  __cloche_restart(__cloche_argv + __cloche_argc + 1, __cloche_argv[0]);
  exit(cloche_resume(__cloche_argc, __cloche_argv));
}

int cloche_start_cold(void) {
  const long result = __cloche_wait(__kern_cold());
  errno = (int)-result;
  return -1;
}
