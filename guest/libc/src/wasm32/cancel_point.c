/* What every cancellation point asks, once pthread_cancel() was called somewhere in the process.
 * Apart from cancel.c, so that programs without it do not link thread code. */
#include "pthread_impl.h"

volatile int __cloche_cancellation;

int __cloche_cancelled(void) {
  pthread_t self = __pthread_self();
  return self->cancel && self->canceldisable != PTHREAD_CANCEL_DISABLE;
}

__attribute__((__weak__)) long __cloche_cancel_thread(void);

long __cloche_cancel(void) { return __cloche_cancel_thread(); }
