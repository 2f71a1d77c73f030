/* syscall(2) for programs. A number selects an import, so only those listed can be had; they are
 * the ones that programs call by number because a libc may lack a function for them. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <sys/syscall.h>

#include "syscall.h"

#define CALL(name) \
  case SYS_##name: \
    return __syscall_ret(__syscall6(SYS_##name, a, b, c, d, e, f))

#undef syscall
long syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long);
  long d = va_arg(list, long), e = va_arg(list, long), f = va_arg(list, long);
  va_end(list);
  switch (number) {
    CALL(getrandom);
    CALL(gettid);
    CALL(getpid);
    CALL(tgkill);
    CALL(tkill);
    CALL(futex_time64);
    CALL(clock_gettime64);
    CALL(sched_getaffinity);
    CALL(sched_yield);
    CALL(getcpu);
    CALL(getdents64);
    CALL(openat);
    CALL(openat2);
    CALL(close_range);
    CALL(renameat2);
    CALL(statx);
    CALL(faccessat2);
    CALL(fchmodat2);
    CALL(copy_file_range);
    CALL(memfd_create);
    CALL(membarrier);
    CALL(prlimit64);
    CALL(rt_sigqueueinfo);
    CALL(close);
    CALL(execveat);
    CALL(epoll_pwait2);
    CALL(pidfd_open);
    CALL(pidfd_send_signal);
    CALL(sched_setaffinity);
    CALL(sched_getscheduler);
    CALL(sched_setscheduler);
  }
  errno = ENOSYS;
  return -1;
}
