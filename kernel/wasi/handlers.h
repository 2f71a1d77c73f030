// The functions of WASI preview 1, one handler each, bound to their names by table.cc. Parameters
// are those of the witx: an i64 is uint64_t or int64_t here, pointers are UserPtr. Results go where
// the last pointers say. What a function does is in its specification; docs/wasi.md has what is
// particular here.
#pragma once

#include "kernel/call.h"
#include "kernel/wasi/wasi.h"

namespace cloche::kernel::wasi {

using Outcome = SysResult<Unit>;

// clang-format off

// --- environment.cc
Outcome args_get(Call& call, UserPtr argv, UserPtr buffer);
Outcome args_sizes_get(Call& call, UserPtr count, UserPtr size);
Outcome environ_get(Call& call, UserPtr environ, UserPtr buffer);
Outcome environ_sizes_get(Call& call, UserPtr count, UserPtr size);
Outcome clock_res_get(Call& call, uint32_t clock, UserPtr result);
Outcome clock_time_get(Call& call, uint32_t clock, uint64_t precision, UserPtr result);
Outcome random_get(Call& call, UserPtr buffer, uint32_t size);
Outcome proc_exit(Call& call, int32_t code);
Outcome proc_raise(Call& call, uint32_t signal);
Outcome sched_yield(Call& call);

// --- descriptor.cc
Outcome fd_close(Call& call, Fd fd);
Outcome fd_renumber(Call& call, Fd fd, Fd to);
Outcome fd_fdstat_get(Call& call, Fd fd, UserPtr result);
Outcome fd_fdstat_set_flags(Call& call, Fd fd, uint32_t flags);
Outcome fd_fdstat_set_rights(Call& call, Fd fd, uint64_t base, uint64_t inheriting);
Outcome fd_prestat_get(Call& call, Fd fd, UserPtr result);
Outcome fd_prestat_dir_name(Call& call, Fd fd, UserPtr path, uint32_t size);

// --- file.cc
Outcome fd_advise(Call& call, Fd fd, uint64_t offset, uint64_t length, uint32_t advice);
Outcome fd_allocate(Call& call, Fd fd, uint64_t offset, uint64_t length);
Outcome fd_datasync(Call& call, Fd fd);
Outcome fd_sync(Call& call, Fd fd);
Outcome fd_filestat_set_size(Call& call, Fd fd, uint64_t size);
Outcome fd_read(Call& call, Fd fd, UserPtr vectors, uint32_t count, UserPtr done);
Outcome fd_write(Call& call, Fd fd, UserPtr vectors, uint32_t count, UserPtr done);
Outcome fd_pread(Call& call, Fd fd, UserPtr vectors, uint32_t count, uint64_t offset, UserPtr done);
Outcome fd_pwrite(Call& call, Fd fd, UserPtr vectors, uint32_t count, uint64_t offset, UserPtr done);
Outcome fd_readdir(Call& call, Fd fd, UserPtr buffer, uint32_t size, uint64_t cookie, UserPtr used);
template <Version> Outcome fd_seek(Call& call, Fd fd, int64_t offset, uint32_t whence, UserPtr result);
Outcome fd_tell(Call& call, Fd fd, UserPtr result);

// --- filestat.cc
template <Version> Outcome fd_filestat_get(Call& call, Fd fd, UserPtr result);
Outcome fd_filestat_set_times(Call& call, Fd fd, uint64_t access, uint64_t modify, uint32_t flags);
template <Version> Outcome path_filestat_get(Call& call, Fd fd, uint32_t flags, UserPtr path, uint32_t size, UserPtr result);
Outcome path_filestat_set_times(Call& call, Fd fd, uint32_t flags, UserPtr path, uint32_t size, uint64_t access, uint64_t modify, uint32_t which);

// --- path.cc
Outcome path_create_directory(Call& call, Fd fd, UserPtr path, uint32_t size);
Outcome path_link(Call& call, Fd old_fd, uint32_t old_flags, UserPtr old_path, uint32_t old_size, Fd new_fd, UserPtr new_path, uint32_t new_size);
Outcome path_open(Call& call, Fd fd, uint32_t lookup, UserPtr path, uint32_t size, uint32_t how, uint64_t base, uint64_t inheriting, uint32_t flags, UserPtr opened);
Outcome path_readlink(Call& call, Fd fd, UserPtr path, uint32_t size, UserPtr buffer, uint32_t buffer_size, UserPtr used);
Outcome path_remove_directory(Call& call, Fd fd, UserPtr path, uint32_t size);
Outcome path_rename(Call& call, Fd old_fd, UserPtr old_path, uint32_t old_size, Fd new_fd, UserPtr new_path, uint32_t new_size);
Outcome path_symlink(Call& call, UserPtr target, uint32_t target_size, Fd fd, UserPtr path, uint32_t size);
Outcome path_unlink_file(Call& call, Fd fd, UserPtr path, uint32_t size);

// --- poll.cc
template <Version> Outcome poll_oneoff(Call& call, UserPtr subscriptions, UserPtr events, uint32_t count, UserPtr event_count);

// --- socket.cc
Outcome sock_accept(Call& call, Fd fd, uint32_t flags, UserPtr accepted);
Outcome sock_recv(Call& call, Fd fd, UserPtr vectors, uint32_t count, uint32_t flags, UserPtr done, UserPtr done_flags);
Outcome sock_send(Call& call, Fd fd, UserPtr vectors, uint32_t count, uint32_t flags, UserPtr done);
Outcome sock_shutdown(Call& call, Fd fd, uint32_t how);

// clang-format on

}  // namespace cloche::kernel::wasi
