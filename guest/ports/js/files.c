// Files, folders and descriptors.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <termios.h>
#include <unistd.h>

#include "js.h"

JSValue js_failure(JSContext* context) { return JS_NewInt32(context, -errno); }

static JSValue status(JSContext* context, int result) {
  return result < 0 ? js_failure(context) : JS_NewInt32(context, result);
}

uint8_t* js_bytes(JSContext* context, JSValueConst value, size_t* size) {
  size_t offset, length, width, whole;
  JSValue buffer = JS_GetTypedArrayBuffer(context, value, &offset, &length, &width);
  if (JS_IsException(buffer)) {
    JS_FreeValue(context, JS_GetException(context));
    return JS_GetArrayBuffer(context, size, value);
  }
  uint8_t* bytes = JS_GetArrayBuffer(context, &whole, buffer);
  JS_FreeValue(context, buffer);
  if (!bytes) return NULL;
  *size = length;
  return bytes + offset;
}

// A path: of a string without NUL.
static const char* to_path(JSContext* context, JSValueConst value) {
  size_t length;
  const char* path = JS_ToCStringLen(context, &length, value);
  if (path && strlen(path) != length) {
    JS_FreeCString(context, path);
    JS_ThrowTypeError(context, "a path must not contain null bytes");
    return NULL;
  }
  return path;
}

static int64_t integer(JSContext* context, JSValueConst value) {
  int64_t number = 0;
  return JS_ToInt64(context, &number, value) ? 0 : number;
}

enum path_call { MKDIR, RMDIR, UNLINK, CHMOD, ACCESS, TRUNCATE, CHDIR, CHOWN, LCHOWN };

// CALL(path, number, number)
static JSValue one_path(JSContext* context, JSValueConst this, int argc, JSValueConst* argv,
                        int call) {
  const char* path = to_path(context, argv[0]);
  if (!path) return JS_EXCEPTION;
  const int64_t a = integer(context, argv[1]), b = integer(context, argv[2]);
  int result = -1;
  switch ((enum path_call)call) {
    case MKDIR:
      result = mkdir(path, (mode_t)a);
      break;
    case RMDIR:
      result = rmdir(path);
      break;
    case UNLINK:
      result = unlink(path);
      break;
    case CHMOD:
      result = chmod(path, (mode_t)a);
      break;
    case ACCESS:
      result = faccessat(AT_FDCWD, path, (int)a, AT_EACCESS);
      break;
    case TRUNCATE:
      result = truncate(path, a);
      break;
    case CHDIR:
      result = chdir(path);
      break;
    case CHOWN:
      result = chown(path, (uid_t)a, (gid_t)b);
      break;
    case LCHOWN:
      result = lchown(path, (uid_t)a, (gid_t)b);
      break;
  }
  JSValue value = status(context, result);
  JS_FreeCString(context, path);
  return value;
}

enum pair_call { RENAME, LINK, SYMLINK };

static JSValue two_paths(JSContext* context, JSValueConst this, int argc, JSValueConst* argv,
                         int call) {
  const char* from = to_path(context, argv[0]);
  if (!from) return JS_EXCEPTION;
  const char* to = to_path(context, argv[1]);
  JSValue value = JS_EXCEPTION;
  if (to) {
    value = status(context, call == RENAME ? rename(from, to)
                            : call == LINK ? link(from, to)
                                           : symlink(from, to));
    JS_FreeCString(context, to);
  }
  JS_FreeCString(context, from);
  return value;
}

NATIVE(native_open) {
  const char* path = to_path(context, argv[0]);
  if (!path) return JS_EXCEPTION;
  const int fd =
      open(path, (int)integer(context, argv[1]) | O_CLOEXEC, (mode_t)integer(context, argv[2]));
  JSValue value = status(context, fd);
  JS_FreeCString(context, path);
  return value;
}

enum fd_call { CLOSE, FSYNC, FTRUNCATE, FCHMOD, ISATTY, SET_FLAGS, GET_FLAGS, WAIT, DUP };

// CALL(fd, number)
static JSValue one_fd(JSContext* context, JSValueConst this, int argc, JSValueConst* argv,
                      int call) {
  const int fd = (int)integer(context, argv[0]);
  const int64_t number = integer(context, argv[1]);
  struct pollfd polled = {.fd = fd, .events = (short)number};
  switch ((enum fd_call)call) {
    case CLOSE:
      return status(context, close(fd));
    case FSYNC:
      return status(context, fsync(fd));
    case FTRUNCATE:
      return status(context, ftruncate(fd, number));
    case FCHMOD:
      return status(context, fchmod(fd, (mode_t)number));
    case ISATTY:
      return JS_NewBool(context, isatty(fd));
    case SET_FLAGS:
      return status(context, fcntl(fd, F_SETFL, (int)number));
    case GET_FLAGS:
      return status(context, fcntl(fd, F_GETFL));
    case DUP:
      return status(context, fcntl(fd, F_DUPFD_CLOEXEC, 3));
    case WAIT:
      return status(context, poll(&polled, 1, -1));
  }
  return JS_UNDEFINED;
}

// (fd, bytes, offset, length, position): read if `writes` is 0. The position may be -1: where the
// file is.
static JSValue transfer(JSContext* context, JSValueConst this, int argc, JSValueConst* argv,
                        int writes) {
  size_t size;
  uint8_t* bytes = js_bytes(context, argv[1], &size);
  if (!bytes) return JS_EXCEPTION;
  const int fd = (int)integer(context, argv[0]);
  const int64_t offset = integer(context, argv[2]), length = integer(context, argv[3]);
  const int64_t position = integer(context, argv[4]);
  if (offset < 0 || length < 0 || (uint64_t)offset > size ||
      (uint64_t)length > size - (uint64_t)offset) {
    return JS_ThrowRangeError(context, "offset or length is outside of the buffer");
  }
  bytes += offset;
  const size_t count = (size_t)length;
  ssize_t done;
  if (position < 0) {
    done = writes ? write(fd, bytes, count) : read(fd, bytes, count);
  } else {
    done = writes ? pwrite(fd, bytes, count, position) : pread(fd, bytes, count, position);
  }
  return status(context, (int)done);
}

// All of it, also where the descriptor does not block by itself. -errno.
static int write_all(int fd, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t done = write(fd, bytes, size);
    if (done < 0 && errno == EAGAIN) {
      struct pollfd polled = {.fd = fd, .events = POLLOUT};
      poll(&polled, 1, -1);
      continue;
    }
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return -errno;
    bytes += done;
    size -= (size_t)done;
  }
  return 0;
}

// writeAll(fd, text or bytes)
NATIVE(native_write_all) {
  const int fd = (int)integer(context, argv[0]);
  size_t size;
  int result;
  if (JS_IsString(argv[1])) {
    const char* text = JS_ToCStringLen(context, &size, argv[1]);
    if (!text) return JS_EXCEPTION;
    result = write_all(fd, text, size);
    JS_FreeCString(context, text);
  } else {
    const uint8_t* bytes = js_bytes(context, argv[1], &size);
    if (!bytes) return JS_EXCEPTION;
    result = write_all(fd, (const char*)bytes, size);
  }
  return JS_NewInt32(context, result);
}

static void free_bytes(JSRuntime* runtime, void* data, void* bytes) {
  (void)data;
  js_free_rt(runtime, bytes);
}

// What is left to read, as far as the file's size says.
static size_t expected_size(int fd) {
  struct stat about;
  if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size <= 0) return 0;
  const off_t at = lseek(fd, 0, SEEK_CUR);
  if (at < 0 || at >= about.st_size) return 0;
  return about.st_size - at < INT_MAX ? (size_t)(about.st_size - at) : 0;
}

// readAll(fd): an ArrayBuffer of everything to the end.
NATIVE(native_read_all) {
  const int fd = (int)integer(context, argv[0]);
  size_t size = 0, room = expected_size(fd) + 1;
  if (room == 1) room = 65536;
  uint8_t* bytes = js_malloc(context, room);
  if (!bytes) return JS_EXCEPTION;
  for (;;) {
    const ssize_t got = read(fd, bytes + size, room - size);
    if (got < 0 && errno == EAGAIN) {
      struct pollfd polled = {.fd = fd, .events = POLLIN};
      poll(&polled, 1, -1);
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int error = errno;
      js_free(context, bytes);
      return JS_NewInt32(context, -error);
    }
    if (got == 0) break;
    size += (size_t)got;
    if (size < room) continue;
    uint8_t* more = room < INT_MAX ? js_realloc(context, bytes, 2 * room) : NULL;
    if (!more) {
      js_free(context, bytes);
      return room < INT_MAX ? JS_EXCEPTION : JS_NewInt32(context, -EFBIG);
    }
    bytes = more;
    room *= 2;
  }
  return JS_NewArrayBuffer(context, bytes, size, free_bytes, NULL, false);
}

static double milliseconds(struct timespec time) {
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static JSValue stat_array(JSContext* context, const struct stat* about) {
  const double values[] = {
      (double)about->st_dev,        (double)about->st_ino,        (double)about->st_mode,
      (double)about->st_nlink,      (double)about->st_uid,        (double)about->st_gid,
      (double)about->st_rdev,       (double)about->st_size,       (double)about->st_blksize,
      (double)about->st_blocks,     milliseconds(about->st_atim), milliseconds(about->st_mtim),
      milliseconds(about->st_ctim),
  };
  JSValue array = JS_NewArray(context);
  for (uint32_t i = 0; i < sizeof values / sizeof *values; ++i) {
    JS_SetPropertyUint32(context, array, i, JS_NewFloat64(context, values[i]));
  }
  return array;
}

// stat(path or fd, whether links are followed)
NATIVE(native_stat) {
  struct stat about;
  if (JS_IsNumber(argv[0])) {
    if (fstat((int)integer(context, argv[0]), &about) != 0) return js_failure(context);
    return stat_array(context, &about);
  }
  const char* path = to_path(context, argv[0]);
  if (!path) return JS_EXCEPTION;
  const int result = JS_ToBool(context, argv[1]) > 0 ? stat(path, &about) : lstat(path, &about);
  JSValue value = result < 0 ? js_failure(context) : stat_array(context, &about);
  JS_FreeCString(context, path);
  return value;
}

// readdir(path): name, d_type, name, d_type...
NATIVE(native_readdir) {
  const char* path = to_path(context, argv[0]);
  if (!path) return JS_EXCEPTION;
  DIR* folder = opendir(path);
  JSValue value = folder ? JS_NewArray(context) : js_failure(context);
  JS_FreeCString(context, path);
  if (!folder) return value;
  uint32_t at = 0;
  for (const struct dirent* entry; (entry = readdir(folder));) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    JS_SetPropertyUint32(context, value, at++, JS_NewString(context, entry->d_name));
    JS_SetPropertyUint32(context, value, at++, JS_NewInt32(context, entry->d_type));
  }
  closedir(folder);
  return value;
}

enum text_call { READLINK, REALPATH, MKDTEMP, GETCWD };

// CALL(path): a string
static JSValue text_of_path(JSContext* context, JSValueConst this, int argc, JSValueConst* argv,
                            int call) {
  char text[PATH_MAX + 1];
  const char* path = call == GETCWD ? "" : to_path(context, argv[0]);
  if (!path) return JS_EXCEPTION;
  bool ok = false;
  if (call == READLINK) {
    const ssize_t length = readlink(path, text, PATH_MAX);
    ok = length >= 0;
    text[ok ? length : 0] = '\0';
  } else if (call == REALPATH) {
    ok = realpath(path, text) != NULL;
  } else if (call == GETCWD) {
    ok = getcwd(text, sizeof text) != NULL;
  } else if (strlen(path) + 6 <= PATH_MAX) {
    snprintf(text, sizeof text, "%sXXXXXX", path);
    ok = mkdtemp(text) != NULL;
  } else {
    errno = ENAMETOOLONG;
  }
  JSValue value = ok ? JS_NewString(context, text) : js_failure(context);
  if (call != GETCWD) JS_FreeCString(context, path);
  return value;
}

static struct timespec time_of(JSContext* context, JSValueConst seconds) {
  double value = 0;
  JS_ToFloat64(context, &value, seconds);
  const double whole = __builtin_floor(value);
  return (struct timespec){.tv_sec = (time_t)whole, .tv_nsec = (long)((value - whole) * 1e9)};
}

// utimes(path or fd, access time, modification time, whether links are followed), in seconds
NATIVE(native_utimes) {
  const struct timespec times[] = {time_of(context, argv[1]), time_of(context, argv[2])};
  if (JS_IsNumber(argv[0])) return status(context, futimens((int)integer(context, argv[0]), times));
  const char* path = to_path(context, argv[0]);
  if (!path) return JS_EXCEPTION;
  const int flags = JS_ToBool(context, argv[3]) > 0 ? 0 : AT_SYMLINK_NOFOLLOW;
  JSValue value = status(context, utimensat(AT_FDCWD, path, times, flags));
  JS_FreeCString(context, path);
  return value;
}

// statfs(path): [type, block size, blocks, free, available, files, free files]
NATIVE(native_statfs) {
  const char* path = to_path(context, argv[0]);
  if (!path) return JS_EXCEPTION;
  struct statfs about;
  const int result = statfs(path, &about);
  JSValue value = result < 0 ? js_failure(context) : JS_NewArray(context);
  JS_FreeCString(context, path);
  if (result < 0) return value;
  const double values[] = {(double)about.f_type,  (double)about.f_bsize,  (double)about.f_blocks,
                           (double)about.f_bfree, (double)about.f_bavail, (double)about.f_files,
                           (double)about.f_ffree};
  for (uint32_t i = 0; i < sizeof values / sizeof *values; ++i) {
    JS_SetPropertyUint32(context, value, i, JS_NewFloat64(context, values[i]));
  }
  return value;
}

// pipe(): [reading end, writing end]
NATIVE(native_pipe) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return js_failure(context);
  JSValue value = JS_NewArray(context);
  JS_SetPropertyUint32(context, value, 0, JS_NewInt32(context, ends[0]));
  JS_SetPropertyUint32(context, value, 1, JS_NewInt32(context, ends[1]));
  return value;
}

// windowSize(fd): [columns, rows]
NATIVE(native_window_size) {
  struct winsize size;
  if (ioctl((int)integer(context, argv[0]), TIOCGWINSZ, &size) != 0) return js_failure(context);
  JSValue value = JS_NewArray(context);
  JS_SetPropertyUint32(context, value, 0, JS_NewInt32(context, size.ws_col));
  JS_SetPropertyUint32(context, value, 1, JS_NewInt32(context, size.ws_row));
  return value;
}

static struct termios first_mode;
static int raw_fd = -1;

static void leave_raw(void) {
  if (raw_fd >= 0) tcsetattr(raw_fd, TCSADRAIN, &first_mode);
  raw_fd = -1;
}

// setRaw(fd, on): a terminal gives each key. Taken back at the exit.
NATIVE(native_set_raw) {
  const int fd = (int)integer(context, argv[0]);
  if (JS_ToBool(context, argv[1]) <= 0) {
    leave_raw();
    return JS_NewInt32(context, 0);
  }
  if (raw_fd >= 0) return JS_NewInt32(context, 0);
  if (tcgetattr(fd, &first_mode) != 0) return js_failure(context);
  struct termios mode = first_mode;
  mode.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
  mode.c_cflag |= CS8;
  mode.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN | ISIG);
  if (tcsetattr(fd, TCSADRAIN, &mode) != 0) return js_failure(context);
  static bool is_registered;
  if (!is_registered) is_registered = atexit(leave_raw) == 0;
  raw_fd = fd;
  return JS_NewInt32(context, 0);
}

#define PATH_CALL(name, call) JS_CFUNC_MAGIC_DEF(name, 3, one_path, call)
#define PAIR_CALL(name, call) JS_CFUNC_MAGIC_DEF(name, 2, two_paths, call)
#define FD_CALL(name, call) JS_CFUNC_MAGIC_DEF(name, 2, one_fd, call)
#define TEXT_CALL(name, call) JS_CFUNC_MAGIC_DEF(name, 1, text_of_path, call)

static const JSCFunctionListEntry kFunctions[] = {
    PATH_CALL("mkdir", MKDIR),
    PATH_CALL("rmdir", RMDIR),
    PATH_CALL("unlink", UNLINK),
    PATH_CALL("chmod", CHMOD),
    PATH_CALL("access", ACCESS),
    PATH_CALL("truncate", TRUNCATE),
    PATH_CALL("chdir", CHDIR),
    PATH_CALL("chown", CHOWN),
    PATH_CALL("lchown", LCHOWN),
    PAIR_CALL("rename", RENAME),
    PAIR_CALL("link", LINK),
    PAIR_CALL("symlink", SYMLINK),
    FD_CALL("close", CLOSE),
    FD_CALL("fsync", FSYNC),
    FD_CALL("ftruncate", FTRUNCATE),
    FD_CALL("fchmod", FCHMOD),
    FD_CALL("isatty", ISATTY),
    FD_CALL("setFlags", SET_FLAGS),
    FD_CALL("getFlags", GET_FLAGS),
    FD_CALL("wait", WAIT),
    FD_CALL("dup", DUP),
    TEXT_CALL("readlink", READLINK),
    TEXT_CALL("realpath", REALPATH),
    TEXT_CALL("mkdtemp", MKDTEMP),
    TEXT_CALL("cwd", GETCWD),
    JS_CFUNC_MAGIC_DEF("read", 5, transfer, 0),
    JS_CFUNC_MAGIC_DEF("write", 5, transfer, 1),
    JS_CFUNC_DEF("open", 3, native_open),
    JS_CFUNC_DEF("writeAll", 2, native_write_all),
    JS_CFUNC_DEF("readAll", 1, native_read_all),
    JS_CFUNC_DEF("stat", 2, native_stat),
    JS_CFUNC_DEF("statfs", 1, native_statfs),
    JS_CFUNC_DEF("readdir", 1, native_readdir),
    JS_CFUNC_DEF("utimes", 4, native_utimes),
    JS_CFUNC_DEF("pipe", 0, native_pipe),
    JS_CFUNC_DEF("windowSize", 1, native_window_size),
    JS_CFUNC_DEF("setRaw", 2, native_set_raw),
};
const struct functions js_file_functions = {kFunctions, sizeof kFunctions / sizeof *kFunctions};
