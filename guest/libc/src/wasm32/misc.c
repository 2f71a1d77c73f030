/* In place of upstream's files that pass a system call number in a variable. */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "libc.h"
#include "syscall.h"

/* User and group IDs belong to the process in the kernel, not to the thread, and there is one
 * virtual CPU: what must be done in every thread is done by doing it once. */
void __synccall(void (*function)(void*), void* context) { function(context); }

int __setxid(int number, int id, int eid, int sid) {
  long r = -ENOSYS;
  switch (number) {
    case SYS_setuid:
      r = __syscall(SYS_setuid, id);
      break;
    case SYS_setgid:
      r = __syscall(SYS_setgid, id);
      break;
    case SYS_setreuid:
      r = __syscall(SYS_setreuid, id, eid);
      break;
    case SYS_setregid:
      r = __syscall(SYS_setregid, id, eid);
      break;
    case SYS_setresuid:
      r = __syscall(SYS_setresuid, id, eid, sid);
      break;
    case SYS_setresgid:
      r = __syscall(SYS_setresgid, id, eid, sid);
      break;
  }
  return __syscall_ret(r);
}
