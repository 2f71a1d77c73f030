/* The thread block of the main thread, and of new ones. There is no TLS image: `_Thread_local` is
 * emulated (emutls.c), its table hangs on the block's `dtv`. */
#include <stdint.h>

#include "libc.h"
#include "pthread_impl.h"
#include "syscall.h"

volatile int __thread_list_lock;

static struct pthread main_thread;

int __init_tp(void* p) {
  pthread_t td = p;
  td->self = td;
  __set_thread_area(td);
  libc.can_do_threads = 1;
  td->detach_state = DT_JOINABLE;
  td->tid = __syscall(SYS_set_tid_address, &__thread_list_lock);
  td->locale = &libc.global_locale;
  td->robust_list.head = &td->robust_list.head;
  td->next = td->prev = td;
  return 0;
}

void __init_tls(size_t* aux) {
  libc.tls_align = 16;
  libc.tls_size = (sizeof(struct pthread) + 15 & ~15ul) + 16;
  __init_tp(&main_thread);
}

void* __copy_tls(unsigned char* memory) { return (void*)(((uintptr_t)memory + 15) & ~15ul); }
