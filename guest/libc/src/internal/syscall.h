/* In place of upstream's header, which is kept beside it as syscall_upstream.h: a constant system
 * call number selects a typed import. Any other number is an undefined symbol. */
#ifndef _CLOCHE_SYSCALL_H
#define _CLOCHE_SYSCALL_H

#include "cloche_syscalls.h"
#include "syscall_upstream.h"

__attribute__((__import_module__("kern"), __import_name__("result"))) long __kern_result(void);
__attribute__((__import_module__("kern"), __import_name__("fork"))) long __kern_fork(void);
__attribute__((__import_module__("kern"), __import_name__("vfork"))) long __kern_vfork(void);
__attribute__((__import_module__("kern"), __import_name__("clone"))) long __kern_clone(
    long flags, long stack, long ptid, long tls, long ctid);
__attribute__((__import_module__("kern"), __import_name__("thread_exit"))) long __kern_thread_exit(
    long code);

/* fork() has no Linux number in this ABI; upstream's _Fork.c and vfork.c use it when it is there.
 */
#define SYS_fork 1000
static inline long __cloche_sys_1000(long a, long b, long c, long d, long e, long f) {
  return __cloche_finish(__kern_fork());
}

/* SYS_exit. Does not return. */
static inline long __cloche_sys_93(long code, long b, long c, long d, long e, long f) {
  __kern_thread_exit(code);
  for (;;) __cloche_yield();
}

#undef __syscall0
#undef __syscall1
#undef __syscall2
#undef __syscall3
#undef __syscall4
#undef __syscall5
#undef __syscall6
#define __CLOCHE_SYS_X(n, ...) __cloche_sys_##n(__VA_ARGS__)
#define __CLOCHE_SYS(n, ...) __CLOCHE_SYS_X(n, __VA_ARGS__)
#define __syscall0(n) __CLOCHE_SYS(n, 0, 0, 0, 0, 0, 0)
#define __syscall1(n, a) __CLOCHE_SYS(n, __scc(a), 0, 0, 0, 0, 0)
#define __syscall2(n, a, b) __CLOCHE_SYS(n, __scc(a), __scc(b), 0, 0, 0, 0)
#define __syscall3(n, a, b, c) __CLOCHE_SYS(n, __scc(a), __scc(b), __scc(c), 0, 0, 0)
#define __syscall4(n, a, b, c, d) __CLOCHE_SYS(n, __scc(a), __scc(b), __scc(c), __scc(d), 0, 0)
#define __syscall5(n, a, b, c, d, e) \
  __CLOCHE_SYS(n, __scc(a), __scc(b), __scc(c), __scc(d), __scc(e), 0)
#define __syscall6(n, a, b, c, d, e, f) \
  __CLOCHE_SYS(n, __scc(a), __scc(b), __scc(c), __scc(d), __scc(e), __scc(f))

/* Cancellation points: a call of pthread_cancel() anywhere in the process sets the word, and only
 * then the functions look at this thread's state. */
extern volatile int __cloche_cancellation;
/* Is the calling thread to be cancelled now? */
int __cloche_cancelled(void);
/* Ends the thread, or returns -ECANCELED where the libc itself asked for that. */
long __cloche_cancel(void);
static inline long __cloche_cancel_after(long r) {
  if (r == -EINTR && __cloche_cancellation && __cloche_cancelled()) return __cloche_cancel();
  return r;
}
#undef __syscall_cp0
#undef __syscall_cp1
#undef __syscall_cp2
#undef __syscall_cp3
#undef __syscall_cp4
#undef __syscall_cp5
#undef __syscall_cp6
#define __CLOCHE_CP(call)                                                               \
  (__CLOCHE_UNLIKELY(__cloche_cancellation) && __cloche_cancelled() ? __cloche_cancel() \
                                                                    : __cloche_cancel_after(call))
#define __syscall_cp0(n) __CLOCHE_CP(__syscall0(n))
#define __syscall_cp1(n, a) __CLOCHE_CP(__syscall1(n, a))
#define __syscall_cp2(n, a, b) __CLOCHE_CP(__syscall2(n, a, b))
#define __syscall_cp3(n, a, b, c) __CLOCHE_CP(__syscall3(n, a, b, c))
#define __syscall_cp4(n, a, b, c, d) __CLOCHE_CP(__syscall4(n, a, b, c, d))
#define __syscall_cp5(n, a, b, c, d, e) __CLOCHE_CP(__syscall5(n, a, b, c, d, e))
#define __syscall_cp6(n, a, b, c, d, e, f) __CLOCHE_CP(__syscall6(n, a, b, c, d, e, f))

#undef __socketcall
#undef __socketcall_cp
#define __socketcall(nm, a, b, c, d, e, f) __syscall6(SYS_##nm, a, b, c, d, e, f)
#define __socketcall_cp(nm, a, b, c, d, e, f) __syscall_cp6(SYS_##nm, a, b, c, d, e, f)

#endif
