/* Included at the end of <setjmp.h>. The compiler knows only the names setjmp and longjmp. */
#ifndef _BITS_CLOCHE_SETJMP_H
#define _BITS_CLOCHE_SETJMP_H

#ifdef __cplusplus
extern "C" {
#endif

void __cloche_sigsave(struct __jmp_buf_tag*, int);

#ifdef __cplusplus
}
#endif

#undef _setjmp
#undef _longjmp
#undef sigsetjmp
#define _setjmp(env) setjmp(env)
#define _longjmp longjmp
#define sigsetjmp(env, savemask) (__cloche_sigsave((env), (savemask)), setjmp(env))

#endif
