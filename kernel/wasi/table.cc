// The names of WASI's functions.
#include "kernel/syscalls/invoke.h"
#include "kernel/wasi/handlers.h"

namespace cloche::kernel {
namespace wasi {
namespace {

template <class... Parameters>
struct Shape {
  static constexpr char kParams[] = {(Argument<Parameters>::kWords == 2 ? 'j' : 'i')..., '\0'};
};

template <class... Parameters>
constexpr const char* params_of(Outcome (*)(Call&, Parameters...)) {
  return Shape<Parameters...>::kParams;
}

template <auto Handler>
int32_t invoke(Call& call, const int32_t* words) {
  const Outcome outcome = apply(Handler, call, words);
  if (outcome.ok()) return 0;
  return outcome.error() == Errno::kSUSPEND ? kSuspended : errno_of(outcome.error());
}

template <auto Handler>
constexpr SyscallRow row(const char* module, const char* name) {
  static_assert(words_of(Handler) <= kMaxArguments);
  return {module, name, -1, words_of(Handler), 'w', &invoke<Handler>, params_of(Handler), true};
}

template <auto Handler>
constexpr SyscallRow row_without_result(const char* module, const char* name) {
  SyscallRow result = row<Handler>(module, name);
  result.has_result = false;
  return result;
}

// The functions that are the same in both versions.
#define COMMON_ROWS(module)                                                                        \
  row<&args_get>(module, "args_get"), row<&args_sizes_get>(module, "args_sizes_get"),              \
      row<&environ_get>(module, "environ_get"),                                                    \
      row<&environ_sizes_get>(module, "environ_sizes_get"),                                        \
      row<&clock_res_get>(module, "clock_res_get"),                                                \
      row<&clock_time_get>(module, "clock_time_get"), row<&fd_advise>(module, "fd_advise"),        \
      row<&fd_allocate>(module, "fd_allocate"), row<&fd_close>(module, "fd_close"),                \
      row<&fd_datasync>(module, "fd_datasync"), row<&fd_fdstat_get>(module, "fd_fdstat_get"),      \
      row<&fd_fdstat_set_flags>(module, "fd_fdstat_set_flags"),                                    \
      row<&fd_fdstat_set_rights>(module, "fd_fdstat_set_rights"),                                  \
      row<&fd_filestat_set_size>(module, "fd_filestat_set_size"),                                  \
      row<&fd_filestat_set_times>(module, "fd_filestat_set_times"),                                \
      row<&fd_pread>(module, "fd_pread"), row<&fd_prestat_get>(module, "fd_prestat_get"),          \
      row<&fd_prestat_dir_name>(module, "fd_prestat_dir_name"),                                    \
      row<&fd_pwrite>(module, "fd_pwrite"), row<&fd_read>(module, "fd_read"),                      \
      row<&fd_readdir>(module, "fd_readdir"), row<&fd_renumber>(module, "fd_renumber"),            \
      row<&fd_sync>(module, "fd_sync"), row<&fd_tell>(module, "fd_tell"),                          \
      row<&fd_write>(module, "fd_write"),                                                          \
      row<&path_create_directory>(module, "path_create_directory"),                                \
      row<&path_filestat_set_times>(module, "path_filestat_set_times"),                            \
      row<&path_link>(module, "path_link"), row<&path_open>(module, "path_open"),                  \
      row<&path_readlink>(module, "path_readlink"),                                                \
      row<&path_remove_directory>(module, "path_remove_directory"),                                \
      row<&path_rename>(module, "path_rename"), row<&path_symlink>(module, "path_symlink"),        \
      row<&path_unlink_file>(module, "path_unlink_file"),                                          \
      row_without_result<&proc_exit>(module, "proc_exit"), row<&proc_raise>(module, "proc_raise"), \
      row<&random_get>(module, "random_get"), row<&sched_yield>(module, "sched_yield"),            \
      row<&sock_recv>(module, "sock_recv"), row<&sock_send>(module, "sock_send"),                  \
      row<&sock_shutdown>(module, "sock_shutdown")

#define VERSION_ROWS(module, version)                                \
  row<&fd_seek<version>>(module, "fd_seek"),                         \
      row<&fd_filestat_get<version>>(module, "fd_filestat_get"),     \
      row<&path_filestat_get<version>>(module, "path_filestat_get"), \
      row<&poll_oneoff<version>>(module, "poll_oneoff")

constexpr const char* kPreview1 = "wasi_snapshot_preview1";
constexpr const char* kUnstable = "wasi_unstable";

constexpr SyscallRow kRows[] = {
    COMMON_ROWS(kPreview1),
    VERSION_ROWS(kPreview1, Version::kPreview1),
    row<&sock_accept>(kPreview1, "sock_accept"),
    COMMON_ROWS(kUnstable),
    VERSION_ROWS(kUnstable, Version::kUnstable),
};

#undef COMMON_ROWS
#undef VERSION_ROWS

}  // namespace
}  // namespace wasi

std::span<const SyscallRow> wasi_rows() { return wasi::kRows; }

}  // namespace cloche::kernel
