/* Thread cancellation. Signal handlers run only at the end of system calls here, so a blocked
 * cancellation point simply returns -EINTR after the handler and then looks at the thread's state:
 * no program counter need be examined. */
#define _GNU_SOURCE
#include <string.h>

#include "pthread_impl.h"
#include "syscall.h"

long __cloche_cancel_thread(void) {
  pthread_t self = __pthread_self();
  if (self->canceldisable == PTHREAD_CANCEL_ENABLE || self->cancelasync) {
    pthread_exit(PTHREAD_CANCELED);
  }
  self->canceldisable = PTHREAD_CANCEL_DISABLE;
  return -ECANCELED;
}

void __testcancel(void) {
  pthread_t self = __pthread_self();
  if (self->cancel && !self->canceldisable) __cloche_cancel_thread();
}

static void on_cancel(int signo) {
  pthread_t self = __pthread_self();
  if (!self->cancel || self->canceldisable == PTHREAD_CANCEL_DISABLE || !self->cancelasync) return;
  sigset_t only;
  sigemptyset(&only);
  __syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, SIGALL_SET, &only, _NSIG / 8);
  __cloche_cancel_thread();
}

/* Not SA_RESTART: the call that was interrupted must come back to look. */
static void init_cancellation(void) {
  struct sigaction action = {.sa_handler = on_cancel};
  memset(&action.sa_mask, -1, _NSIG / 8);
  __libc_sigaction(SIGCANCEL, &action, 0);
  __cloche_cancellation = 1;
}

int pthread_cancel(pthread_t t) {
  if (!__cloche_cancellation) init_cancellation();
  a_store(&t->cancel, 1);
  if (t == pthread_self()) {
    if (t->canceldisable == PTHREAD_CANCEL_ENABLE && t->cancelasync) {
      pthread_exit(PTHREAD_CANCELED);
    }
    return 0;
  }
  return pthread_kill(t, SIGCANCEL);
}
