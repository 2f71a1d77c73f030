/* The suspension protocol and the delivery of signals: abi/README.md.
 * Handlers are ordinary calls at the end of a system call, so they may fork, block or jump out. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "syscall.h"

struct signal_frame {
  unsigned handler, flags;
  unsigned long long old_mask;
  int signo, pad;
  siginfo_t info;
};
_Static_assert(sizeof(siginfo_t) == 128, "the kernel writes a siginfo of 128 bytes");
_Static_assert(sizeof(struct signal_frame) == 152, "abi/README.md, sigtake");

__attribute__((__import_module__("kern"), __import_name__("sigtake"))) long __kern_sigtake(
    struct signal_frame* frame);

volatile int __cloche_sigword;

__attribute__((__noinline__)) void __cloche_yield(void) { __asm__ __volatile__("" ::: "memory"); }

/* No frame of its own in linear memory: a child of vfork() or clone() passes through. */
static inline __attribute__((__always_inline__)) long wait_for(long r) {
  while (r == __CLOCHE_SUSPEND) {
    __cloche_yield();
    r = __kern_result();
  }
  return r;
}

__attribute__((__noinline__)) long __cloche_finish(long r) {
  r = wait_for(r);
  return __cloche_sigword || r == __CLOCHE_ERESTART ? __cloche_signals(r) : r;
}

__attribute__((__noinline__)) long __cloche_wait(long r) { return wait_for(r); }

static void run_handler(struct signal_frame* frame) {
  if (!(frame->flags & SA_SIGINFO)) {
    ((void (*)(int))frame->handler)(frame->signo);
    return;
  }
  ucontext_t context = {0};
  memcpy(&context.uc_sigmask, &frame->old_mask, sizeof frame->old_mask);
  ((void (*)(int, siginfo_t*, void*))frame->handler)(frame->signo, &frame->info, &context);
  memcpy(&frame->old_mask, &context.uc_sigmask, sizeof frame->old_mask);
}

__attribute__((__noinline__)) long __cloche_signals(long r) {
  struct signal_frame frame;
  int restart = 1;
  while (__kern_sigtake(&frame) > 0) {
    if (!(frame.flags & SA_RESTART)) restart = 0;
    run_handler(&frame);
    __linux_rt_sigprocmask(SIG_SETMASK, (long)&frame.old_mask, 0, _NSIG / 8);
    __cloche_yield();
  }
  return r == __CLOCHE_ERESTART && !restart ? -EINTR : r;
}

/* Called by loops of programs when the signal word is set: guest/sdk/plugin/safepoints.h. */
void __cloche_safepoint(void) { __cloche_signals(0); }
