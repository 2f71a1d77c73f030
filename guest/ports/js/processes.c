// This process, its children, and the machine.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "js.h"

static int64_t integer(JSContext* context, JSValueConst value) {
  int64_t number = 0;
  return JS_ToInt64(context, &number, value) ? 0 : number;
}

// --- children

struct start {
  char **words, **variables;
  int* fds;  // the child's n-th descriptor is fds[n]
  int fd_count;
  const char *program, *search, *folder;
  bool leads_session;
};

static uint32_t length_of(JSContext* context, JSValueConst array) {
  JSValue length = JS_GetPropertyStr(context, array, "length");
  const int64_t count = integer(context, length);
  JS_FreeValue(context, length);
  return count > 0 && count < INT_MAX / 16 ? (uint32_t)count : 0;
}

static void free_texts(char** texts) {
  for (size_t i = 0; texts && texts[i]; ++i) free(texts[i]);
  free(texts);
}

static char** texts_of(JSContext* context, JSValueConst array) {
  const uint32_t count = length_of(context, array);
  char** texts = calloc(count + 1, sizeof *texts);
  if (!texts) return NULL;
  for (uint32_t i = 0; i < count; ++i) {
    JSValue value = JS_GetPropertyUint32(context, array, i);
    const char* text = JS_ToCString(context, value);
    texts[i] = text ? strdup(text) : NULL;
    JS_FreeCString(context, text);
    JS_FreeValue(context, value);
    if (!texts[i]) {
      free_texts(texts);
      return NULL;
    }
  }
  return texts;
}

// Copies what must become a low descriptor of the child out of the way of the others. -errno.
static int move_up(int* fds, int count) {
  for (int i = 0; i < count; ++i) {
    if (fds[i] < 0 || fds[i] == i) continue;
    const int copy = fcntl(fds[i], F_DUPFD_CLOEXEC, count < 3 ? 3 : count);
    if (copy < 0) return -errno;
    fds[i] = copy;
  }
  return 0;
}

static int try_paths(const struct start* start, pid_t* pid,
                     const posix_spawn_file_actions_t* actions,
                     const posix_spawnattr_t* attributes) {
  if (strchr(start->program, '/') || !*start->program) {
    return posix_spawn(pid, start->program, actions, attributes, start->words, start->variables);
  }
  int result = ENOENT;
  for (const char* at = start->search; *at;) {
    const size_t length = strcspn(at, ":");
    char path[PATH_MAX];
    if (length + strlen(start->program) + 2 <= sizeof path) {
      snprintf(path, sizeof path, "%.*s/%s", length ? (int)length : 1, length ? at : ".",
               start->program);
      const int error = posix_spawn(pid, path, actions, attributes, start->words, start->variables);
      if (error != ENOENT && error != ENOTDIR && error != EACCES) return error;
      if (error == EACCES) result = EACCES;
    }
    at += length + (at[length] == ':');
  }
  return result;
}

static int start_child(const struct start* start, pid_t* pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &js_first_mask);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                (start->leads_session ? POSIX_SPAWN_SETSID : 0)));
  int error = 0;
  for (int i = 0; i < start->fd_count && !error; ++i) {
    if (start->fds[i] >= 0) error = posix_spawn_file_actions_adddup2(&actions, start->fds[i], i);
  }
  if (!error && start->folder)
    error = posix_spawn_file_actions_addchdir_np(&actions, start->folder);
  if (!error) error = try_paths(start, pid, &actions, &attributes);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error;
}

static int spawn_with(JSContext* context, JSValueConst* argv, struct start* start, int* given) {
  for (int i = 0; i < start->fd_count; ++i) {
    JSValue value = JS_GetPropertyUint32(context, argv[4], (uint32_t)i);
    given[i] = start->fds[i] = (int)integer(context, value);
    JS_FreeValue(context, value);
  }
  pid_t pid = 0;
  int result = move_up(start->fds, start->fd_count);
  if (result == 0) {
    result = -start_child(start, &pid);
  }
  for (int i = 0; i < start->fd_count; ++i) {
    if (start->fds[i] != given[i] && start->fds[i] >= 0) close(start->fds[i]);
  }
  return result < 0 ? result : pid;
}

// spawn(program, words, variables, search path, descriptors, folder or null, leads a session): its
// pid
NATIVE(native_spawn) {
  struct start start = {.leads_session = JS_ToBool(context, argv[6]) > 0};
  start.fd_count = (int)length_of(context, argv[4]);
  start.fds = calloc(2 * (size_t)start.fd_count + 1, sizeof *start.fds);
  start.words = texts_of(context, argv[1]);
  start.variables = texts_of(context, argv[2]);
  start.program = JS_ToCString(context, argv[0]);
  start.search = JS_ToCString(context, argv[3]);
  const bool moves = JS_IsString(argv[5]);
  start.folder = moves ? JS_ToCString(context, argv[5]) : NULL;
  int result = -ENOMEM;
  if (start.fds && start.words && start.variables && start.program && start.search &&
      (start.folder || !moves)) {
    result = spawn_with(context, argv, &start, start.fds + start.fd_count);
  }
  JS_FreeCString(context, start.folder);
  JS_FreeCString(context, start.search);
  JS_FreeCString(context, start.program);
  free_texts(start.words);
  free_texts(start.variables);
  free(start.fds);
  return JS_NewInt32(context, result);
}

// waitpid(pid, wait): undefined while it runs, its exit status, or 256 + the signal that ended it
NATIVE(native_waitpid) {
  int status;
  const int flags = JS_ToBool(context, argv[1]) > 0 ? 0 : WNOHANG;
  pid_t pid;
  do pid = waitpid((pid_t)integer(context, argv[0]), &status, flags);
  while (pid < 0 && errno == EINTR);
  if (pid == 0) return JS_UNDEFINED;
  if (pid < 0) return js_failure(context);
  return JS_NewInt32(context, WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status));
}

NATIVE(native_kill) {
  const int result = kill((pid_t)integer(context, argv[0]), (int)integer(context, argv[1]));
  return result < 0 ? js_failure(context) : JS_NewInt32(context, 0);
}

NATIVE(native_socketpair) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return js_failure(context);
  JSValue value = JS_NewArray(context);
  JS_SetPropertyUint32(context, value, 0, JS_NewInt32(context, ends[0]));
  JS_SetPropertyUint32(context, value, 1, JS_NewInt32(context, ends[1]));
  return value;
}

// --- this process

enum number { PID, PPID, UID, GID, EUID, EGID, UMASK, PROCESSORS };

static JSValue number(JSContext* context, JSValueConst this, int argc, JSValueConst* argv,
                      int which) {
  switch ((enum number)which) {
    case PID:
      return JS_NewInt32(context, getpid());
    case PPID:
      return JS_NewInt32(context, getppid());
    case UID:
      return JS_NewUint32(context, getuid());
    case GID:
      return JS_NewUint32(context, getgid());
    case EUID:
      return JS_NewUint32(context, geteuid());
    case EGID:
      return JS_NewUint32(context, getegid());
    case PROCESSORS:
      return JS_NewInt64(context, sysconf(_SC_NPROCESSORS_ONLN));
    case UMASK:
      break;
  }
  if (!JS_IsUndefined(argv[0]))
    return JS_NewUint32(context, umask((mode_t)integer(context, argv[0])));
  const mode_t mask = umask(0);
  umask(mask);
  return JS_NewUint32(context, mask);
}

NATIVE(native_exit) {
  fflush(NULL);
  exit((int)integer(context, argv[0]) & 0xff);
}

// setenv(name, value): for what the libc looks at itself, such as TZ
NATIVE(native_setenv) {
  const char* name = JS_ToCString(context, argv[0]);
  const char* value = JS_ToCString(context, argv[1]);
  const int result = name && value ? setenv(name, value, 1) : 0;
  JS_FreeCString(context, value);
  JS_FreeCString(context, name);
  return JS_NewInt32(context, result);
}

// random(bytes)
NATIVE(native_random) {
  size_t size;
  uint8_t* bytes = js_bytes(context, argv[0], &size);
  if (!bytes) return JS_EXCEPTION;
  while (size > 0) {
    const ssize_t got = getrandom(bytes, size < 256 ? size : 256, 0);
    if (got < 0) return js_failure(context);
    bytes += got;
    size -= (size_t)got;
  }
  return JS_NewInt32(context, 0);
}

// uname(): [system, node, release, version, machine]
NATIVE(native_uname) {
  struct utsname name;
  if (uname(&name) != 0) return js_failure(context);
  const char* texts[] = {name.sysname, name.nodename, name.release, name.version, name.machine};
  JSValue value = JS_NewArray(context);
  for (uint32_t i = 0; i < 5; ++i)
    JS_SetPropertyUint32(context, value, i, JS_NewString(context, texts[i]));
  return value;
}

// usage(): [user µs, system µs, largest resident KiB, total memory, free memory, uptime s, load 1,
// 5, 15, resident]
NATIVE(native_usage) {
  struct rusage usage = {0};
  struct sysinfo info = {0};
  getrusage(RUSAGE_SELF, &usage);
  sysinfo(&info);
  long pages = 0, resident = 0;
  FILE* file = fopen("/proc/self/statm", "re");
  if (file) {
    if (fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
    fclose(file);
  }
  const double values[] = {
      (double)usage.ru_utime.tv_sec * 1e6 + (double)usage.ru_utime.tv_usec,
      (double)usage.ru_stime.tv_sec * 1e6 + (double)usage.ru_stime.tv_usec,
      (double)usage.ru_maxrss,
      (double)info.totalram * info.mem_unit,
      (double)info.freeram * info.mem_unit,
      (double)info.uptime,
      (double)info.loads[0] / 65536,
      (double)info.loads[1] / 65536,
      (double)info.loads[2] / 65536,
      (double)resident * (double)sysconf(_SC_PAGESIZE),
  };
  JSValue value = JS_NewArray(context);
  for (uint32_t i = 0; i < sizeof values / sizeof *values; ++i) {
    JS_SetPropertyUint32(context, value, i, JS_NewFloat64(context, values[i]));
  }
  return value;
}

#define NUMBER(name, which) JS_CFUNC_MAGIC_DEF(name, 1, number, which)

static const JSCFunctionListEntry kFunctions[] = {
    JS_CFUNC_DEF("spawn", 7, native_spawn),
    JS_CFUNC_DEF("waitpid", 2, native_waitpid),
    JS_CFUNC_DEF("kill", 2, native_kill),
    JS_CFUNC_DEF("socketpair", 0, native_socketpair),
    JS_CFUNC_DEF("exit", 1, native_exit),
    JS_CFUNC_DEF("setenv", 2, native_setenv),
    JS_CFUNC_DEF("random", 1, native_random),
    JS_CFUNC_DEF("uname", 0, native_uname),
    JS_CFUNC_DEF("usage", 0, native_usage),
    NUMBER("pid", PID),
    NUMBER("ppid", PPID),
    NUMBER("uid", UID),
    NUMBER("gid", GID),
    NUMBER("euid", EUID),
    NUMBER("egid", EGID),
    NUMBER("umask", UMASK),
    NUMBER("processors", PROCESSORS),
};
const struct functions js_process_functions = {kFunctions, sizeof kFunctions / sizeof *kFunctions};
