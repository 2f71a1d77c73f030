/* Calls that return twice. In the child of kern.clone the stack pointer is already the new stack
 * while these functions go on, so none of them may use a frame in linear memory: build.py looks. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <unistd.h>

#include "pthread_impl.h"
#include "syscall.h"

long __cloche_wait(long r);
/* Only C++ programs with exceptions have it (guest/libcxx/exceptions.cc). */
__attribute__((__weak__)) int __cloche_guard(int (*run)(void*), void* argument);

static _Noreturn void leave(int (*function)(void*), void* argument) {
  __kern_thread_exit(__cloche_guard ? __cloche_guard(function, argument) : function(argument));
  for (;;) __cloche_yield();
}

__attribute__((__noinline__)) static long clone_and_call(int (*function)(void*), void* argument,
                                                         long flags, long stack, long ptid,
                                                         long tls, long ctid) {
  long r = __cloche_wait(__kern_clone(flags, stack, ptid, tls, ctid));
  if (r == 0) leave(function, argument);
  return r;
}

/* A new process on its own copy of this memory: the stack the caller offers is not needed. */
static long fork_and_call(int (*function)(void*), void* argument) {
  long r = __cloche_finish(__kern_fork());
  if (r == 0) leave(function, argument);
  return r;
}

int __clone(int (*function)(void*), void* stack, int flags, void* argument, ...) {
  long ptid = 0, tls = 0, ctid = 0;
  if (!(flags & CLONE_VM)) return fork_and_call(function, argument);
  if (flags & (CLONE_PARENT_SETTID | CLONE_SETTLS | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID)) {
    va_list list;
    va_start(list, argument);
    ptid = va_arg(list, long);
    tls = va_arg(list, long);
    ctid = va_arg(list, long);
    va_end(list);
  }
  return clone_and_call(function, argument, flags, (long)stack & -16, ptid, tls, ctid);
}

__attribute__((__noinline__)) static long vfork_call(void) { return __cloche_wait(__kern_vfork()); }

pid_t vfork(void) { return __syscall_ret(vfork_call()); }

/* Frees the stack it would stand on. */
_Noreturn void __unmapself(void* base, size_t size) {
  __linux_munmap((long)base, size);
  __kern_thread_exit(0);
  for (;;) __cloche_yield();
}
