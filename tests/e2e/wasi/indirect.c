// Calls imported functions through pointers, tail calls and exports: each way has to be able to
// wait.
#include <stdint.h>

#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(name)))
struct Vector {
  const void* at;
  uint32_t size;
};
typedef int Transfer(int fd, const struct Vector* list, uint32_t count, uint32_t* done);
IMPORT("fd_read") Transfer fd_read;
IMPORT("fd_write") Transfer fd_write;

static Transfer* const kTransfers[] = {fd_read, fd_write};

__attribute__((noinline, target("tail-call"))) static int tail(int fd, const struct Vector* list,
                                                               uint32_t count, uint32_t* done) {
  __attribute__((musttail)) return fd_read(fd, list, count, done);
}

void _start(void) {
  static char bytes[4096];
  Transfer* volatile reads[] = {kTransfers[0], tail};
  Transfer* volatile write = kTransfers[1];
  for (uint32_t i = 0;; ++i) {
    struct Vector list = {bytes, sizeof bytes};
    uint32_t done = 0;
    if (reads[i % 2](0, &list, 1, &done) != 0) __builtin_trap();
    if (done == 0) return;
    list.size = done;
    if (write(1, &list, 1, &done) != 0) __builtin_trap();
  }
}
