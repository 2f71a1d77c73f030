/* Upstream answers ENOSYS, because Linux means one thread where POSIX means the process. Here all
 * threads and processes have the one policy. */
#include <sched.h>

#include "syscall.h"

int sched_getscheduler(pid_t pid) { return syscall(SYS_sched_getscheduler, pid); }

int sched_setscheduler(pid_t pid, int policy, const struct sched_param* param) {
  return syscall(SYS_sched_setscheduler, pid, policy, param);
}

int sched_getparam(pid_t pid, struct sched_param* param) {
  return syscall(SYS_sched_getparam, pid, param);
}

int sched_setparam(pid_t pid, const struct sched_param* param) {
  return syscall(SYS_sched_setparam, pid, param);
}
