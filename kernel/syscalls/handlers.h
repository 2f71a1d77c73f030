// The handlers of abi/syscalls.tab: one declaration a line, which scripts/generate-syscalls reads.
// A row whose group is not `-` must be declared here. Structures are those of riscv32 Linux
// (abi/README.md); addresses of structures stay UserPtr where their size depends on an argument.
#pragma once

#include "kernel/call.h"

namespace cloche::kernel {

// clang-format off

// --- process (kernel/syscalls/process.cc)
SysResult<int32_t> sys_personality(Call& call, uint32_t persona);
SysResult<int32_t> sys_exit(Call& call, int32_t code);
SysResult<int32_t> sys_exit_group(Call& call, int32_t code);
SysResult<int32_t> sys_waitid(Call& call, int32_t id_type, int32_t id, UserPtr info, uint32_t options, UserPtr usage);
SysResult<int32_t> sys_set_tid_address(Call& call, UserPtr address);
SysResult<int32_t> sys_set_robust_list(Call& call, UserPtr head, uint32_t size);
SysResult<int32_t> sys_get_robust_list(Call& call, int32_t tid, UserPtr head, UserPtr size);
SysResult<int32_t> sys_sched_setparam(Call& call, int32_t tid, UserPtr param);
SysResult<int32_t> sys_sched_setscheduler(Call& call, int32_t tid, int32_t policy, UserPtr param);
SysResult<int32_t> sys_sched_getscheduler(Call& call, int32_t tid);
SysResult<int32_t> sys_sched_getparam(Call& call, int32_t tid, UserPtr param);
SysResult<int32_t> sys_sched_setaffinity(Call& call, int32_t tid, uint32_t size, UserPtr mask);
SysResult<int32_t> sys_sched_getaffinity(Call& call, int32_t tid, uint32_t size, UserPtr mask);
SysResult<int32_t> sys_sched_yield(Call& call);
SysResult<int32_t> sys_sched_get_priority_max(Call& call, int32_t policy);
SysResult<int32_t> sys_sched_get_priority_min(Call& call, int32_t policy);
SysResult<int32_t> sys_sched_rr_get_interval_time64(Call& call, int32_t tid, UserPtr interval);
SysResult<int32_t> sys_setpriority(Call& call, int32_t which, int32_t who, int32_t nice);
SysResult<int32_t> sys_getpriority(Call& call, int32_t which, int32_t who);
SysResult<int32_t> sys_times(Call& call, UserPtr times);
SysResult<int32_t> sys_setpgid(Call& call, int32_t pid, int32_t pgid);
SysResult<int32_t> sys_getpgid(Call& call, int32_t pid);
SysResult<int32_t> sys_getsid(Call& call, int32_t pid);
SysResult<int32_t> sys_setsid(Call& call);
SysResult<int32_t> sys_uname(Call& call, UserPtr name);
SysResult<int32_t> sys_getrusage(Call& call, int32_t who, UserPtr usage);
SysResult<int32_t> sys_prctl(Call& call, int32_t option, uint32_t arg2, uint32_t arg3, uint32_t arg4, uint32_t arg5);
SysResult<int32_t> sys_getcpu(Call& call, UserPtr cpu, UserPtr node, UserPtr unused);
SysResult<int32_t> sys_getpid(Call& call);
SysResult<int32_t> sys_getppid(Call& call);
SysResult<int32_t> sys_gettid(Call& call);
SysResult<int32_t> sys_sysinfo(Call& call, UserPtr info);
SysResult<int32_t> sys_clone(Call& call, uint32_t flags, uint32_t stack, uint32_t parent_tid, uint32_t tls, uint32_t child_tid);
SysResult<int32_t> sys_execve(Call& call, UserPath path, UserPtr argv, UserPtr envp);
SysResult<int32_t> sys_execveat(Call& call, Fd directory, UserPath path, UserPtr argv, UserPtr envp, uint32_t flags);
SysResult<int32_t> sys_prlimit64(Call& call, int32_t pid, uint32_t resource, UserPtr new_limit, UserPtr old_limit);
SysResult<int32_t> sys_membarrier(Call& call, int32_t command, uint32_t flags, int32_t cpu);
SysResult<int32_t> sys_futex_time64(Call& call, UserPtr address, uint32_t operation, uint32_t value, UserPtr timeout_or_value, UserPtr address2, uint32_t value3);

// --- signal (kernel/syscalls/signal.cc)
SysResult<int32_t> sys_kill(Call& call, int32_t pid, int32_t signo);
SysResult<int32_t> sys_tkill(Call& call, int32_t tid, int32_t signo);
SysResult<int32_t> sys_tgkill(Call& call, int32_t pid, int32_t tid, int32_t signo);
SysResult<int32_t> sys_sigaltstack(Call& call, UserPtr set, UserPtr old);
SysResult<int32_t> sys_rt_sigsuspend(Call& call, UserPtr mask, uint32_t size);
SysResult<int32_t> sys_rt_sigaction(Call& call, int32_t signo, UserPtr set, UserPtr old, uint32_t size);
SysResult<int32_t> sys_rt_sigprocmask(Call& call, int32_t how, UserPtr set, UserPtr old, uint32_t size);
SysResult<int32_t> sys_rt_sigpending(Call& call, UserPtr set, uint32_t size);
SysResult<int32_t> sys_rt_sigqueueinfo(Call& call, int32_t pid, int32_t signo, UserPtr info);
SysResult<int32_t> sys_rt_sigtimedwait_time64(Call& call, UserPtr set, UserPtr info, UserPtr timeout, uint32_t size);

// --- time (kernel/syscalls/time.cc)
SysResult<int32_t> sys_nanosleep(Call& call, UserPtr request, UserPtr remaining);
SysResult<int32_t> sys_getitimer(Call& call, int32_t which, UserPtr value);
SysResult<int32_t> sys_setitimer(Call& call, int32_t which, UserPtr value, UserPtr old);
SysResult<int32_t> sys_timer_create(Call& call, int32_t clock, UserPtr event, UserPtr id);
SysResult<int32_t> sys_timer_getoverrun(Call& call, int32_t id);
SysResult<int32_t> sys_timer_delete(Call& call, int32_t id);
SysResult<int32_t> sys_timer_gettime64(Call& call, int32_t id, UserPtr value);
SysResult<int32_t> sys_timer_settime64(Call& call, int32_t id, uint32_t flags, UserPtr value, UserPtr old);
SysResult<int32_t> sys_clock_gettime64(Call& call, int32_t clock, UserPtr value);
SysResult<int32_t> sys_clock_settime64(Call& call, int32_t clock, UserPtr value);
SysResult<int32_t> sys_clock_getres_time64(Call& call, int32_t clock, UserPtr value);
SysResult<int32_t> sys_clock_nanosleep_time64(Call& call, int32_t clock, uint32_t flags, UserPtr request, UserPtr remaining);
SysResult<int32_t> sys_getrandom(Call& call, UserPtr buffer, uint32_t size, uint32_t flags);

// --- memory (kernel/syscalls/memory.cc)
SysResult<uint32_t> sys_brk(Call& call, uint32_t address);
SysResult<uint32_t> sys_mmap2(Call& call, uint32_t address, uint32_t size, uint32_t protection, uint32_t flags, Fd fd, uint32_t page_offset);
SysResult<int32_t> sys_munmap(Call& call, uint32_t address, uint32_t size);
SysResult<uint32_t> sys_mremap(Call& call, uint32_t address, uint32_t old_size, uint32_t new_size, uint32_t flags, uint32_t new_address);
SysResult<int32_t> sys_mprotect(Call& call, uint32_t address, uint32_t size, uint32_t protection);
SysResult<int32_t> sys_msync(Call& call, uint32_t address, uint32_t size, uint32_t flags);
SysResult<int32_t> sys_madvise(Call& call, uint32_t address, uint32_t size, int32_t advice);
SysResult<int32_t> sys_mincore(Call& call, uint32_t address, uint32_t size, UserPtr vector);
SysResult<int32_t> sys_mlock(Call& call, uint32_t address, uint32_t size);
SysResult<int32_t> sys_munlock(Call& call, uint32_t address, uint32_t size);
SysResult<int32_t> sys_mlockall(Call& call, uint32_t flags);
SysResult<int32_t> sys_munlockall(Call& call);

// --- ids (kernel/syscalls/ids.cc)
SysResult<int32_t> sys_capget(Call& call, UserPtr header, UserPtr data);
SysResult<int32_t> sys_setregid(Call& call, uint32_t real, uint32_t effective);
SysResult<int32_t> sys_setgid(Call& call, uint32_t gid);
SysResult<int32_t> sys_setreuid(Call& call, uint32_t real, uint32_t effective);
SysResult<int32_t> sys_setuid(Call& call, uint32_t uid);
SysResult<int32_t> sys_setresuid(Call& call, uint32_t real, uint32_t effective, uint32_t saved);
SysResult<int32_t> sys_getresuid(Call& call, UserPtr real, UserPtr effective, UserPtr saved);
SysResult<int32_t> sys_setresgid(Call& call, uint32_t real, uint32_t effective, uint32_t saved);
SysResult<int32_t> sys_getresgid(Call& call, UserPtr real, UserPtr effective, UserPtr saved);
SysResult<int32_t> sys_setfsuid(Call& call, uint32_t uid);
SysResult<int32_t> sys_setfsgid(Call& call, uint32_t gid);
SysResult<int32_t> sys_getgroups(Call& call, int32_t size, UserPtr list);
SysResult<int32_t> sys_setgroups(Call& call, uint32_t size, UserPtr list);
SysResult<uint32_t> sys_getuid(Call& call);
SysResult<uint32_t> sys_geteuid(Call& call);
SysResult<uint32_t> sys_getgid(Call& call);
SysResult<uint32_t> sys_getegid(Call& call);

// clang-format on

// The handlers of file, io and net stand in a block of their own below.

}  // namespace cloche::kernel
