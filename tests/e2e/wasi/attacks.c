// Tries what the interface must refuse, call by call. The first argument names the group; the
// folders are those that wasi_test.py mounts: /rw, and /ro with the same content:
//   file  secret  box/  box/file  box/out -> ..  box/absolute -> /etc/passwd  box/inside -> file
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

// Its own prototypes where the C library's are not told to the byte: paths with a length.
#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(name)))
typedef uint32_t Fd;
IMPORT("path_open")
int open_raw(Fd at, int lookup, const char* path, uint32_t size, int how, uint64_t base,
             uint64_t inheriting, int flags, Fd* opened);
IMPORT("path_rename")
int rename_raw(Fd from, const char* path, uint32_t size, Fd to, const char* path2, uint32_t size2);
IMPORT("path_link")
int link_raw(Fd from, int lookup, const char* path, uint32_t size, Fd to, const char* path2,
             uint32_t size2);
IMPORT("path_symlink")
int symlink_raw(const char* target, uint32_t size, Fd at, const char* path, uint32_t size2);
IMPORT("path_unlink_file") int unlink_raw(Fd at, const char* path, uint32_t size);
IMPORT("path_create_directory") int mkdir_raw(Fd at, const char* path, uint32_t size);
IMPORT("path_remove_directory") int rmdir_raw(Fd at, const char* path, uint32_t size);
IMPORT("path_readlink")
int readlink_raw(Fd at, const char* path, uint32_t size, char* out, uint32_t room, uint32_t* used);
IMPORT("path_filestat_get")
int stat_raw(Fd at, int lookup, const char* path, uint32_t size, void* out);
IMPORT("path_filestat_set_times")
int times_raw(Fd at, int lookup, const char* path, uint32_t size, uint64_t a, uint64_t m, int how);
IMPORT("fd_write") int write_raw(Fd fd, const void* list, uint32_t count, void* done);
IMPORT("fd_read") int read_raw(Fd fd, const void* list, uint32_t count, void* done);
IMPORT("fd_readdir")
int readdir_raw(Fd fd, void* out, uint32_t size, uint64_t cookie, void* used);
IMPORT("fd_prestat_get") int prestat_raw(Fd fd, void* out);
IMPORT("fd_prestat_dir_name") int prestat_name_raw(Fd fd, void* out, uint32_t size);
IMPORT("fd_filestat_set_size") int resize_raw(Fd fd, uint64_t size);
IMPORT("fd_allocate") int allocate_raw(Fd fd, uint64_t offset, uint64_t size);
IMPORT("fd_fdstat_get") int fdstat_raw(Fd fd, void* out);
IMPORT("fd_fdstat_set_rights") int rights_raw(Fd fd, uint64_t base, uint64_t inheriting);
IMPORT("fd_renumber") int renumber_raw(Fd fd, Fd to);
IMPORT("fd_close") int close_raw(Fd fd);
IMPORT("args_get") int args_raw(void* list, void* bytes);
IMPORT("environ_sizes_get") int environ_sizes_raw(void* count, void* size);
IMPORT("clock_time_get") int clock_raw(uint32_t clock, uint64_t precision, void* out);
IMPORT("random_get") int random_raw(void* out, uint32_t size);
IMPORT("poll_oneoff") int poll_raw(const void* in, void* out, uint32_t count, void* done);
IMPORT("sock_accept") int accept_raw(Fd fd, int flags, void* out);

enum { BADF = 8, EXIST = 20, FAULT = 21, INVAL = 28, LOOP = 32, NAMETOOLONG = 37, NOENT = 44 };
enum { NOTDIR = 54, NOTSOCK = 57, PERM = 63, ROFS = 69, XDEV = 75, NOTCAPABLE = 76 };
enum { CREATE = 1, DIRECTORY = 2, EXCLUSIVE = 4, TRUNCATE = 8 };
static const uint64_t kRead = 2, kWrite = 64, kAll = (1 << 30) - 1;

static int failures = 0;
#define EXPECT(call, wanted)                                                    \
  do {                                                                          \
    const int got = (call);                                                     \
    if (got != (wanted)) {                                                      \
      printf("line %d: %s: %d, not %d\n", __LINE__, #call, got, (int)(wanted)); \
      ++failures;                                                               \
    }                                                                           \
  } while (0)
#define P(text) (text), (uint32_t)strlen(text)

static Fd preopen(const char* wanted) {
  for (Fd fd = 3;; ++fd) {
    uint32_t stat[2];
    char name[4096] = "";
    if (prestat_raw(fd, stat) != 0) break;
    EXPECT(prestat_name_raw(fd, name, stat[1]), 0);
    if (strlen(name) == stat[1] && !strcmp(name, wanted)) return fd;
  }
  printf("no preopen %s\n", wanted);
  exit(99);
}

static int open_at(Fd at, const char* path, int how, uint64_t base, Fd* opened) {
  return open_raw(at, 1, P(path), how, base, 0, 0, opened);
}

static Fd open_folder(Fd at, const char* path) {
  Fd opened = 0;
  EXPECT(open_raw(at, 1, P(path), DIRECTORY, kAll & ~kWrite, kAll, 0, &opened), 0);
  return opened;
}

// A folder that the program opened is a boundary.
static void beneath(void) {
  const Fd box = open_folder(preopen("/rw"), "box");
  Fd fd;
  char bytes[64];
  uint32_t used;
  EXPECT(open_at(box, "file", 0, kRead, &fd), 0);
  EXPECT(open_at(box, "inside", 0, kRead, &fd), 0);
  EXPECT(open_at(box, "../box/file", 0, kRead, &fd), PERM);
  EXPECT(open_at(box, "out/secret", 0, kRead, &fd), PERM);
  EXPECT(open_at(box, "out", DIRECTORY, kRead, &fd), PERM);
  EXPECT(open_at(box, "..", DIRECTORY, kRead, &fd), PERM);
  EXPECT(open_at(box, "absolute", 0, kRead, &fd), PERM);
  EXPECT(open_at(box, "/etc/passwd", 0, kRead, &fd), PERM);
  EXPECT(open_at(box, "out/new", CREATE, kWrite, &fd), PERM);
  EXPECT(open_at(box, "out/secret", TRUNCATE, kWrite, &fd), PERM);
  EXPECT(open_raw(box, 0, P("absolute"), 0, kRead, 0, 0, &fd), LOOP);
  EXPECT(stat_raw(box, 1, P("out/secret"), bytes), PERM);
  EXPECT(times_raw(box, 1, P("out/secret"), 0, 0, 5), PERM);
  EXPECT(readlink_raw(box, P("out/box/out"), bytes, sizeof bytes, &used), PERM);
  EXPECT(mkdir_raw(box, P("../d")), PERM);
  EXPECT(mkdir_raw(box, P("out/d")), PERM);
  EXPECT(rmdir_raw(box, P("../box")), PERM);
  EXPECT(unlink_raw(box, P("../secret")), PERM);
  EXPECT(unlink_raw(box, P("out/secret")), PERM);
  EXPECT(rename_raw(box, P("file"), box, P("../stolen")), PERM);
  EXPECT(rename_raw(box, P("out/secret"), box, P("stolen")), PERM);
  EXPECT(link_raw(box, 0, P("out/secret"), box, P("stolen")), PERM);
  EXPECT(link_raw(box, 0, P("file"), box, P("out/stolen")), PERM);
  EXPECT(link_raw(box, 1, P("absolute"), box, P("stolen")), PERM);
  EXPECT(symlink_raw(P("x"), box, P("../link")), PERM);
  // A folder opened through it is one, too.
  const Fd same = open_folder(box, ".");
  EXPECT(open_at(same, "../secret", 0, kRead, &fd), PERM);
  // Links to open files lead out as others do.
  const Fd fds = open_folder(preopen("/proc"), "self/fd");
  EXPECT(open_at(fds, "0", 0, kRead, &fd), PERM);
  EXPECT(open_at(fds, "3/file", 0, kRead, &fd), PERM);
  // Slashes at the end.
  EXPECT(open_at(box, "file/", 0, kRead, &fd), NOTDIR);
  EXPECT(stat_raw(box, 1, P("file/"), bytes), NOTDIR);
  EXPECT(unlink_raw(box, P("file/")), NOTDIR);
  EXPECT(open_at(box, "", 0, kRead, &fd), NOENT);
  EXPECT(open_raw(box, 1, "a\0b", 3, 0, kRead, 0, 0, &fd), INVAL);
}

static void read_only(void) {
  const Fd ro = preopen("/ro"), rw = preopen("/rw");
  Fd fd;
  EXPECT(open_at(ro, "file", 0, kWrite, &fd), ROFS);
  EXPECT(open_at(ro, "file", TRUNCATE, kRead, &fd), ROFS);
  EXPECT(open_at(ro, "file", TRUNCATE, kWrite, &fd), ROFS);
  EXPECT(open_at(ro, "new", CREATE, kRead, &fd), ROFS);
  EXPECT(open_at(ro, "new", CREATE | EXCLUSIVE, kWrite, &fd), ROFS);
  EXPECT(open_at(ro, "box/out/new", CREATE, kWrite, &fd), ROFS);
  EXPECT(mkdir_raw(ro, P("d")), ROFS);
  EXPECT(mkdir_raw(ro, P("d/")), ROFS);
  EXPECT(rmdir_raw(ro, P("box")), ROFS);
  EXPECT(unlink_raw(ro, P("file")), ROFS);
  EXPECT(symlink_raw(P("x"), ro, P("link")), ROFS);
  EXPECT(link_raw(ro, 0, P("file"), ro, P("link")), ROFS);
  EXPECT(rename_raw(ro, P("file"), ro, P("other")), ROFS);
  EXPECT(rename_raw(rw, P("file"), ro, P("file")), XDEV);
  EXPECT(rename_raw(ro, P("file"), rw, P("file")), XDEV);
  EXPECT(link_raw(ro, 0, P("file"), rw, P("link")), XDEV);
  EXPECT(link_raw(rw, 0, P("file"), ro, P("link")), ROFS);
  EXPECT(times_raw(ro, 1, P("file"), 0, 0, 5), ROFS);
  EXPECT(open_at(ro, "file", 0, kRead, &fd), 0);
  EXPECT(resize_raw(fd, 0), NOTCAPABLE);
  EXPECT(open_at(ro, "file", 0, kAll & ~kWrite, &fd), 0);
  EXPECT(resize_raw(fd, 0), NOTCAPABLE);
  EXPECT(allocate_raw(fd, 0, 1 << 20), NOTCAPABLE);
}

static void rights(void) {
  const Fd rw = preopen("/rw");
  uint64_t stat[3];
  char byte = 'x', entries[256];
  const struct {
    void* at;
    uint32_t size;
  } list = {&byte, 1};
  uint32_t done;
  Fd fd, other;
  EXPECT(open_at(rw, "file", 0, kRead, &fd), 0);
  EXPECT(fdstat_raw(fd, stat), 0);
  EXPECT(stat[1] == kRead && stat[2] == 0, 1);
  EXPECT(write_raw(fd, &list, 1, &done), BADF);
  EXPECT(rights_raw(fd, kRead | kWrite, 0), NOTCAPABLE);
  EXPECT(rights_raw(fd, 0, 0), 0);
  EXPECT(read_raw(fd, &list, 1, &done), NOTCAPABLE);
  EXPECT(rights_raw(fd, kRead, 0), NOTCAPABLE);
  // A folder whose files are for reading.
  EXPECT(open_raw(rw, 1, P("box"), DIRECTORY, kAll, kRead, 0, &other), 0);
  EXPECT(open_at(other, "file", 0, kRead, &fd), 0);
  EXPECT(open_at(other, "file", 0, kRead | kWrite, &fd), NOTCAPABLE);
  EXPECT(fdstat_raw(other, stat), 0);
  EXPECT(rights_raw(other, stat[1] & ~(1u << 13), 0), 0);
  EXPECT(open_at(other, "file", 0, 0, &fd), NOTCAPABLE);
  EXPECT(rights_raw(other, 0, 0), 0);
  EXPECT(readdir_raw(other, entries, sizeof entries, 0, &done), NOTCAPABLE);
  EXPECT(mkdir_raw(other, P("d")), NOTCAPABLE);
  EXPECT(unlink_raw(other, P("file")), NOTCAPABLE);
}

static void renumber(void) {
  const Fd rw = preopen("/rw"), ro = preopen("/ro"), box = open_folder(rw, "box");
  uint32_t stat[2];
  Fd fd;
  EXPECT(renumber_raw(box, 999), BADF);
  EXPECT(renumber_raw(999, box), BADF);
  EXPECT(renumber_raw(box, (Fd)-1), BADF);
  EXPECT(renumber_raw(box, box), 0);
  EXPECT(open_at(box, "file", 0, kRead, &fd), 0);
  // In the place of a preopen it is what it was: a boundary, and no preopen.
  EXPECT(renumber_raw(box, rw), 0);
  EXPECT(open_at(box, "file", 0, kRead, &fd), BADF);
  EXPECT(prestat_raw(rw, stat), BADF);
  EXPECT(open_at(rw, "../secret", 0, kRead, &fd), PERM);
  EXPECT(open_at(rw, "file", 0, kRead, &fd), 0);
  // A preopen moves with its name and rights.
  EXPECT(rights_raw(ro, 1 << 13, kRead), 0);
  EXPECT(renumber_raw(ro, rw), 0);
  EXPECT(close_raw(ro), BADF);
  EXPECT(prestat_raw(rw, stat), 0);
  EXPECT(open_at(rw, "file", 0, kRead, &fd), 0);
  EXPECT(mkdir_raw(rw, P("d")), NOTCAPABLE);
  EXPECT(close_raw(rw), 0);
  EXPECT(close_raw(rw), BADF);
}

static void pointers(void) {
  const Fd rw = preopen("/rw");
  void* const beyond = (void*)0xfffffff0u;
  // Half of it is outside.
  char* const edge = (char*)(__builtin_wasm_memory_size(0) * 65536 - 1);
  struct {
    const void* at;
    uint32_t size;
  } list = {beyond, 8};
  uint32_t done;
  Fd fd;
  EXPECT(args_raw(beyond, beyond), FAULT);
  EXPECT(args_raw(edge, edge), FAULT);
  EXPECT(environ_sizes_raw(&done, edge), FAULT);
  EXPECT(clock_raw(0, 0, edge), FAULT);
  EXPECT(clock_raw(99, 0, &done), INVAL);
  EXPECT(random_raw(edge, 2), FAULT);
  EXPECT(random_raw(beyond, 0xffffffff), FAULT);
  EXPECT(write_raw(1, &list, 1, &done), FAULT);
  EXPECT(write_raw(1, edge, 1, &done), FAULT);
  EXPECT(write_raw(1, &list, 0xffffffff, &done), INVAL);
  list.at = "not written";
  EXPECT(write_raw(1, &list, 1, edge), FAULT);
  EXPECT(read_raw(0, beyond, 1, &done), FAULT);
  EXPECT(open_raw(rw, 1, edge, 2, 0, kRead, 0, 0, &fd), FAULT);
  EXPECT(open_raw(rw, 1, edge, 0x7fffffff, 0, kRead, 0, 0, &fd), NAMETOOLONG);
  EXPECT(open_raw(rw, 1, P("never made"), CREATE, kWrite, 0, 0, (Fd*)edge), FAULT);
  EXPECT(open_raw(rw, 1, P("file"), 0x7fff, kRead, 0, 0, &fd), INVAL);
  EXPECT(open_raw(rw, 1, P("file"), 0, kRead, 0, 0x7fff, &fd), INVAL);
  EXPECT(stat_raw(rw, 1, P("file"), edge), FAULT);
  EXPECT(readlink_raw(rw, P("box/out"), edge, 2, &done), FAULT);
  EXPECT(symlink_raw(edge, 2, rw, P("never made")), FAULT);
  EXPECT(prestat_raw(rw, edge), FAULT);
  EXPECT(prestat_name_raw(rw, beyond, 100), FAULT);
  EXPECT(prestat_name_raw(rw, &done, 1), NAMETOOLONG);
  EXPECT(readdir_raw(rw, edge, 100, 0, &done), FAULT);
  EXPECT(poll_raw(beyond, &done, 1, &done), FAULT);
  EXPECT(poll_raw(&done, beyond, 0xffffffff, &done), INVAL);
  EXPECT(poll_raw(&done, &done, 0, &done), INVAL);
  EXPECT(accept_raw(0, 0, &fd), NOTSOCK);
  EXPECT(fdstat_raw((Fd)-1, &done), BADF);
  EXPECT(close_raw(0x7fffffff), BADF);
}

int main(int argc, char** argv) {
  const struct {
    const char* name;
    void (*run)(void);
  } groups[] = {
      {"beneath", beneath},   {"read_only", read_only}, {"rights", rights},
      {"renumber", renumber}, {"pointers", pointers},
  };
  for (size_t i = 0; argc == 2 && i < sizeof groups / sizeof *groups; ++i) {
    if (strcmp(groups[i].name, argv[1])) continue;
    groups[i].run();
    if (failures == 0) puts("refused");
    return failures != 0;
  }
  return 2;
}
