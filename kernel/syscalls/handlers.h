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
SysResult<int32_t> sys_pidfd_open(Call& call, int32_t pid, uint32_t flags);

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
SysResult<int32_t> sys_signalfd4(Call& call, Fd fd, UserPtr mask, uint32_t size, uint32_t flags);
SysResult<int32_t> sys_pidfd_send_signal(Call& call, Fd fd, int32_t signo, UserPtr info, uint32_t flags);

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
SysResult<int32_t> sys_timerfd_create(Call& call, int32_t clock, uint32_t flags);
SysResult<int32_t> sys_timerfd_gettime64(Call& call, Fd fd, UserPtr value);
SysResult<int32_t> sys_timerfd_settime64(Call& call, Fd fd, uint32_t flags, UserPtr value, UserPtr old);

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
SysResult<int32_t> sys_mlock2(Call& call, uint32_t address, uint32_t size, uint32_t flags);

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
SysResult<int32_t> sys_sethostname(Call& call, UserPtr name, uint32_t size);
SysResult<int32_t> sys_setdomainname(Call& call, UserPtr name, uint32_t size);
SysResult<int32_t> sys_mount(Call& call, UserPtr source, UserPtr target, UserPtr type, uint32_t flags, UserPtr data);
SysResult<int32_t> sys_umount2(Call& call, UserPtr target, uint32_t flags);
SysResult<int32_t> sys_pivot_root(Call& call, UserPtr new_root, UserPtr put_old);
SysResult<int32_t> sys_unshare(Call& call, uint32_t flags);
SysResult<int32_t> sys_reboot(Call& call, uint32_t magic, uint32_t magic2, uint32_t command, UserPtr argument);
SysResult<uint32_t> sys_getuid(Call& call);
SysResult<uint32_t> sys_geteuid(Call& call);
SysResult<uint32_t> sys_getgid(Call& call);
SysResult<uint32_t> sys_getegid(Call& call);

// --- file (kernel/syscalls/{file,attributes,open,fcntl,notify}.cc)
SysResult<int32_t> sys_inotify_init1(Call& call, uint32_t flags);
SysResult<int32_t> sys_inotify_add_watch(Call& call, Fd fd, UserPath path, uint32_t mask);
SysResult<int32_t> sys_inotify_rm_watch(Call& call, Fd fd, int32_t number);
SysResult<int32_t> sys_setxattr(Call& call, UserPath path, UserString name, UserPtr value, uint32_t size, uint32_t flags);
SysResult<int32_t> sys_lsetxattr(Call& call, UserPath path, UserString name, UserPtr value, uint32_t size, uint32_t flags);
SysResult<int32_t> sys_fsetxattr(Call& call, Fd fd, UserString name, UserPtr value, uint32_t size, uint32_t flags);
SysResult<int32_t> sys_getxattr(Call& call, UserPath path, UserString name, UserPtr value, uint32_t size);
SysResult<int32_t> sys_lgetxattr(Call& call, UserPath path, UserString name, UserPtr value, uint32_t size);
SysResult<int32_t> sys_fgetxattr(Call& call, Fd fd, UserString name, UserPtr value, uint32_t size);
SysResult<int32_t> sys_listxattr(Call& call, UserPath path, UserPtr list, uint32_t size);
SysResult<int32_t> sys_llistxattr(Call& call, UserPath path, UserPtr list, uint32_t size);
SysResult<int32_t> sys_flistxattr(Call& call, Fd fd, UserPtr list, uint32_t size);
SysResult<int32_t> sys_removexattr(Call& call, UserPath path, UserString name);
SysResult<int32_t> sys_lremovexattr(Call& call, UserPath path, UserString name);
SysResult<int32_t> sys_fremovexattr(Call& call, Fd fd, UserString name);
SysResult<int32_t> sys_getcwd(Call& call, UserPtr buffer, uint32_t size);
SysResult<int32_t> sys_flock(Call& call, Fd fd, uint32_t operation);
SysResult<int32_t> sys_mknodat(Call& call, Fd directory, UserPath path, uint32_t mode, uint32_t device);
SysResult<int32_t> sys_mkdirat(Call& call, Fd directory, UserPath path, uint32_t mode);
SysResult<int32_t> sys_unlinkat(Call& call, Fd directory, UserPath path, uint32_t flags);
SysResult<int32_t> sys_symlinkat(Call& call, UserPath target_at, Fd directory, UserPath path);
SysResult<int32_t> sys_linkat(Call& call, Fd old_directory, UserPath old_path, Fd new_directory, UserPath new_path, uint32_t flags);
SysResult<int32_t> sys_statfs64(Call& call, UserPath path, uint32_t size, UserPtr result_at);
SysResult<int32_t> sys_fstatfs64(Call& call, Fd fd, uint32_t size, UserPtr result_at);
SysResult<int32_t> sys_truncate64(Call& call, UserPath path, int64_t size);
SysResult<int32_t> sys_ftruncate64(Call& call, Fd fd, int64_t size);
SysResult<int32_t> sys_fallocate(Call& call, Fd fd, uint32_t mode, int64_t offset, int64_t length);
SysResult<int32_t> sys_faccessat(Call& call, Fd directory, UserPath path, uint32_t mode);
SysResult<int32_t> sys_chdir(Call& call, UserPath path);
SysResult<int32_t> sys_fchdir(Call& call, Fd fd);
SysResult<int32_t> sys_chroot(Call& call, UserPath path);
SysResult<int32_t> sys_fchmod(Call& call, Fd fd, uint32_t mode);
SysResult<int32_t> sys_fchmodat(Call& call, Fd directory, UserPath path, uint32_t mode);
SysResult<int32_t> sys_fchownat(Call& call, Fd directory, UserPath path, uint32_t uid, uint32_t gid, uint32_t flags);
SysResult<int32_t> sys_fchown(Call& call, Fd fd, uint32_t uid, uint32_t gid);
SysResult<int32_t> sys_openat(Call& call, Fd directory, UserPath path, uint32_t flags, uint32_t mode);
SysResult<uint64_t> sys_getdents64(Call& call, Fd fd, UserPtr buffer, uint32_t size);
SysResult<int32_t> sys__llseek(Call& call, Fd fd, uint32_t high, uint32_t low, UserPtr result_at, uint32_t whence);
SysResult<int32_t> sys_readlinkat(Call& call, Fd directory, UserPath path, UserPtr buffer, int32_t size);
SysResult<int32_t> sys_sync(Call& call);
SysResult<int32_t> sys_fsync(Call& call, Fd fd);
SysResult<int32_t> sys_fdatasync(Call& call, Fd fd);
SysResult<int32_t> sys_sync_file_range(Call& call, Fd fd, int64_t offset, int64_t length, uint32_t flags);
SysResult<int32_t> sys_umask(Call& call, uint32_t mask);
SysResult<int32_t> sys_readahead(Call& call, Fd fd, int64_t offset, uint32_t count);
SysResult<int32_t> sys_fadvise64_64(Call& call, Fd fd, int64_t offset, int64_t length, uint32_t advice);
SysResult<int32_t> sys_syncfs(Call& call, Fd fd);
SysResult<int32_t> sys_renameat2(Call& call, Fd old_directory, UserPath old_path, Fd new_directory, UserPath new_path, uint32_t flags);
SysResult<int32_t> sys_memfd_create(Call& call, UserString name_at, uint32_t flags);
SysResult<uint64_t> sys_copy_file_range(Call& call, Fd in_fd, UserPtr in_offset, Fd out_fd, UserPtr out_offset, uint32_t length, uint32_t flags);
SysResult<int32_t> sys_statx(Call& call, Fd directory, UserPath path, uint32_t flags, uint32_t mask, UserPtr result_at);
SysResult<int32_t> sys_utimensat_time64(Call& call, Fd directory, UserPath path, UserPtr times_at, uint32_t flags);
SysResult<int32_t> sys_openat2(Call& call, Fd directory, UserPath path, UserPtr how_at, uint32_t size);
SysResult<int32_t> sys_faccessat2(Call& call, Fd directory, UserPath path, uint32_t mode, uint32_t flags);
SysResult<int32_t> sys_fchmodat2(Call& call, Fd directory, UserPath path, uint32_t mode, uint32_t flags);

// --- io (kernel/syscalls/{io,fcntl,poll,epoll}.cc)
SysResult<int32_t> sys_epoll_create1(Call& call, uint32_t flags);
SysResult<int32_t> sys_epoll_ctl(Call& call, Fd set_fd, int32_t operation, Fd fd, UserPtr event_at);
SysResult<int32_t> sys_epoll_pwait(Call& call, Fd fd, UserPtr events, int32_t most, int32_t timeout, UserPtr mask, uint32_t mask_size);
SysResult<int32_t> sys_epoll_pwait2(Call& call, Fd fd, UserPtr events, int32_t most, UserPtr timeout, UserPtr mask, uint32_t mask_size);
SysResult<int32_t> sys_eventfd2(Call& call, uint32_t initial, uint32_t flags);
SysResult<int32_t> sys_dup(Call& call, Fd fd);
SysResult<int32_t> sys_dup3(Call& call, Fd old_fd, Fd new_fd, uint32_t flags);
SysResult<int32_t> sys_fcntl64(Call& call, Fd fd, uint32_t command, UserPtr pointer);
SysResult<int32_t> sys_ioctl(Call& call, Fd fd, uint32_t command, UserPtr argument);
SysResult<int32_t> sys_close(Call& call, Fd fd);
SysResult<int32_t> sys_close_range(Call& call, uint32_t first, uint32_t last, uint32_t flags);
SysResult<int32_t> sys_pipe2(Call& call, UserPtr fds_at, uint32_t flags);
SysResult<uint64_t> sys_read(Call& call, Fd fd, UserPtr buffer, uint32_t count);
SysResult<uint64_t> sys_write(Call& call, Fd fd, UserPtr buffer, uint32_t count);
SysResult<uint64_t> sys_readv(Call& call, Fd fd, UserPtr vector, uint32_t count);
SysResult<uint64_t> sys_writev(Call& call, Fd fd, UserPtr vector, uint32_t count);
SysResult<uint64_t> sys_pread64(Call& call, Fd fd, UserPtr buffer, uint32_t count, int64_t offset);
SysResult<uint64_t> sys_pwrite64(Call& call, Fd fd, UserPtr buffer, uint32_t count, int64_t offset);
SysResult<uint64_t> sys_preadv(Call& call, Fd fd, UserPtr vector, uint32_t count, int64_t offset);
SysResult<uint64_t> sys_pwritev(Call& call, Fd fd, UserPtr vector, uint32_t count, int64_t offset);
SysResult<uint64_t> sys_sendfile64(Call& call, Fd out_fd, Fd in_fd, UserPtr offset_at, uint32_t count);
SysResult<int32_t> sys_vmsplice(Call& call, Fd fd, UserPtr vector, uint32_t count, uint32_t flags);
SysResult<int32_t> sys_splice(Call& call, Fd in_fd, UserPtr in_offset, Fd out_fd, UserPtr out_offset, uint32_t size, uint32_t flags);
SysResult<int32_t> sys_tee(Call& call, Fd in_fd, Fd out_fd, uint32_t size, uint32_t flags);
SysResult<uint64_t> sys_preadv2(Call& call, Fd fd, UserPtr vector, uint32_t count, int64_t offset, uint32_t flags);
SysResult<uint64_t> sys_pwritev2(Call& call, Fd fd, UserPtr vector, uint32_t count, int64_t offset, uint32_t flags);
SysResult<int32_t> sys_pselect6_time64(Call& call, int32_t count, UserPtr read_set, UserPtr write_set, UserPtr except_set, UserPtr timeout, UserPtr mask_argument);
SysResult<int32_t> sys_ppoll_time64(Call& call, UserPtr list, uint32_t count, UserPtr timeout, UserPtr mask_at, uint32_t mask_size);

// --- net (kernel/syscalls/net.cc)
SysResult<int32_t> sys_socket(Call& call, int32_t family, uint32_t type, int32_t protocol);
SysResult<int32_t> sys_socketpair(Call& call, int32_t family, uint32_t type, int32_t protocol, UserPtr fds_at);
SysResult<int32_t> sys_bind(Call& call, Fd fd, UserPtr address_at, uint32_t size);
SysResult<int32_t> sys_listen(Call& call, Fd fd, uint32_t backlog);
SysResult<int32_t> sys_accept(Call& call, Fd fd, UserPtr address_at, UserPtr size_at);
SysResult<int32_t> sys_connect(Call& call, Fd fd, UserPtr address_at, uint32_t size);
SysResult<int32_t> sys_getsockname(Call& call, Fd fd, UserPtr address_at, UserPtr size_at);
SysResult<int32_t> sys_getpeername(Call& call, Fd fd, UserPtr address_at, UserPtr size_at);
SysResult<uint64_t> sys_sendto(Call& call, Fd fd, UserPtr buffer, uint32_t size, uint32_t flags, UserPtr address_at, uint32_t address_size);
SysResult<uint64_t> sys_recvfrom(Call& call, Fd fd, UserPtr buffer, uint32_t size, uint32_t flags, UserPtr address_at, UserPtr size_at);
SysResult<int32_t> sys_setsockopt(Call& call, Fd fd, int32_t level, int32_t option, UserPtr value, uint32_t size);
SysResult<int32_t> sys_getsockopt(Call& call, Fd fd, int32_t level, int32_t option, UserPtr value, UserPtr size_at);
SysResult<int32_t> sys_shutdown(Call& call, Fd fd, uint32_t how);
SysResult<uint64_t> sys_sendmsg(Call& call, Fd fd, UserPtr message_at, uint32_t flags);
SysResult<uint64_t> sys_recvmsg(Call& call, Fd fd, UserPtr message_at, uint32_t flags);
SysResult<int32_t> sys_accept4(Call& call, Fd fd, UserPtr address_at, UserPtr size_at, uint32_t flags);
SysResult<uint64_t> sys_sendmmsg(Call& call, Fd fd, UserPtr list, uint32_t count, uint32_t flags);
SysResult<uint64_t> sys_recvmmsg_time64(Call& call, Fd fd, UserPtr list, uint32_t count, uint32_t flags, UserPtr timeout);

// clang-format on

}  // namespace cloche::kernel
