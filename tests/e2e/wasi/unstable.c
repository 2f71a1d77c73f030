// A program for the predecessor of preview 1, where three functions differ: the numbers of whence,
// filestat, subscriptions. Without a C library, for none is made for it.
#include <stddef.h>
#include <stdint.h>

#define IMPORT(name) __attribute__((import_module("wasi_unstable"), import_name(name)))
IMPORT("fd_write") int fd_write(int fd, const void* list, uint32_t count, uint32_t* done);
IMPORT("fd_seek") int fd_seek(int fd, int64_t offset, uint32_t whence, uint64_t* at);
IMPORT("fd_filestat_get") int fd_filestat_get(int fd, void* out);
IMPORT("poll_oneoff") int poll_oneoff(const void* in, void* out, uint32_t count, uint32_t* done);
IMPORT("proc_exit") _Noreturn void proc_exit(int code);

struct Filestat {
  uint64_t dev, ino;
  uint8_t type;
  uint32_t links;
  uint64_t size, atime, mtime, ctime;
};
struct Subscription {
  uint64_t user;
  uint8_t type;
  uint64_t identifier;
  uint32_t clock;
  uint64_t timeout, precision;
  uint16_t flags;
};
struct Event {
  uint64_t user;
  uint16_t error;
  uint8_t type;
  uint64_t bytes;
  uint16_t flags;
};

// Standard input is a file of ten bytes.
void _start(void) {
  enum { kCurrent = 0, kEnd = 1, kSet = 2 };
  uint64_t at = 0;
  if (fd_seek(0, -3, kEnd, &at) != 0 || at != 7) proc_exit(10);
  if (fd_seek(0, 4, kSet, &at) != 0 || at != 4) proc_exit(11);
  if (fd_seek(0, 1, kCurrent, &at) != 0 || at != 5) proc_exit(12);
  struct Filestat stat = {.links = 99};
  if (fd_filestat_get(0, &stat) != 0) proc_exit(13);
  if (stat.size != 10 || stat.links != 1 || stat.type != 4) proc_exit(14);
  const struct Subscription nap = {.user = 77, .type = 0, .clock = 1, .timeout = 1000000};
  struct Event event = {0};
  uint32_t count = 0;
  if (poll_oneoff(&nap, &event, 1, &count) != 0 || count != 1 || event.user != 77) proc_exit(15);
  static const char kText[] = "unstable\n";
  const struct {
    const char* text;
    uint32_t size;
  } list = {kText, sizeof kText - 1};
  if (fd_write(1, &list, 1, &count) != 0) proc_exit(16);
  proc_exit(0);
}
