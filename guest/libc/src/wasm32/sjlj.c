/* What the compiler's lowering of setjmp and longjmp to exceptions calls. A jmp_buf's first words
 * hold this structure. */
#include <setjmp.h>
#include <signal.h>

#include "syscall.h"

#undef sigsetjmp
#undef _longjmp

struct jump {
  void* invocation; /* which call of the function that called setjmp */
  unsigned label;   /* which setjmp in it */
  struct {
    void* env;
    int value;
  } thrown;
};
_Static_assert(sizeof(struct jump) <= sizeof(__jmp_buf), "jmp_buf is too small");

__asm__(
    ".globl __c_longjmp\n"
    ".tagtype __c_longjmp i32\n"
    "__c_longjmp:\n");

void __wasm_setjmp(void* env, unsigned label, void* invocation) {
  struct jump* jump = env;
  jump->invocation = invocation;
  jump->label = label;
}

unsigned __wasm_setjmp_test(void* env, void* invocation) {
  struct jump* jump = env;
  return jump->invocation == invocation ? jump->label : 0;
}

_Noreturn void __wasm_longjmp(void* env, int value) {
  struct jump* jump = env;
  jump->thrown.env = env;
  jump->thrown.value = value ? value : 1;
  __builtin_wasm_throw(1, &jump->thrown); /* 1: the tag __c_longjmp */
}

void __cloche_sigsave(struct __jmp_buf_tag* env, int save) {
  env->__fl = save;
  if (save) __syscall(SYS_rt_sigprocmask, SIG_SETMASK, 0, env->__ss, _NSIG / 8);
}

_Noreturn void siglongjmp(sigjmp_buf env, int value) {
  if (env->__fl) __syscall(SYS_rt_sigprocmask, SIG_SETMASK, env->__ss, 0, _NSIG / 8);
  __wasm_longjmp(env, value);
}
