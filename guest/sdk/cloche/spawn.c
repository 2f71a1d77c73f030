#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cloche/cap.h"
#include "conversation.h"

// As close_range(2); gives -errno.
__attribute__((import_module("linux"), import_name("close_range"))) int __cloche_close_range(
    unsigned first, unsigned last, unsigned flags);

// What the child works on, in memory that it shares with its parent until exec.
struct launch {
  const char* program;
  char *const *argv, *const *envp;
  size_t count;
  int* copies;    // of the sources
  int* targets;   // copies[i] becomes targets[i]
  int* kept;      // the targets, ascending
  int authority;  // an open file of it, or -1: there is none to give up
  sigset_t mask;
  int error;
};

// --- in the child: async-signal-safe functions only

static int exchange_authority(int authority) {
  size_t size;
  if (authority < 0) return 0;
  const int status = __cloche_request(authority, "adopt\n", "", 0, &size);
  if (status > 0) errno = EPROTO;
  return status;
}

// A duplicate, of a capability one that shares nothing with the parent's.
static int lend(int from) {
  const int copy = cloche_cap_dup(from);
  return copy >= 0 ? copy : fcntl(from, F_DUPFD_CLOEXEC, 0);
}

static int place(struct launch* launch) {
  const size_t count = launch->count;
  int* copies = launch->copies;
  for (size_t i = 0; i < count; ++i) {
    if ((copies[i] = lend(copies[i])) < 0) return -1;
  }
  for (size_t i = 0; i < count; ++i) {
    const int to = launch->targets[i];
    if (copies[i] == to) {
      if (fcntl(to, F_SETFD, 0) != 0) return -1;
      continue;
    }
    for (size_t j = i + 1; j < count; ++j) {  // out of the way
      if (copies[j] == to && (copies[j] = fcntl(to, F_DUPFD_CLOEXEC, 0)) < 0) return -1;
    }
    if (dup2(copies[i], to) < 0) return -1;
  }
  return 0;
}

static int close_range_of(unsigned first, unsigned last) {
  const int result = __cloche_close_range(first, last, 0);
  if (result < 0) errno = -result;
  return result < 0 ? -1 : 0;
}

static int close_others(const struct launch* launch) {
  unsigned next = 0;
  for (size_t i = 0; i < launch->count; ++i) {
    const unsigned kept = (unsigned)launch->kept[i];
    if (kept > next && close_range_of(next, kept - 1) != 0) return -1;
    next = kept + 1;
  }
  return close_range_of(next, ~0U);
}

// The mask is the caller's again before exec: no handler may run on the parent's memory.
static int forget_handlers(void) {
  for (int signal = 1; signal < _NSIG; ++signal) {
    struct sigaction action;
    if (sigaction(signal, NULL, &action) != 0) continue;
    if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN) continue;
    action.sa_handler = SIG_DFL;
    action.sa_flags = 0;
    if (sigaction(signal, &action, NULL) != 0) return -1;
  }
  return 0;
}

static int child(void* argument) {
  struct launch* launch = argument;
  if (exchange_authority(launch->authority) == 0 && place(launch) == 0 &&
      close_others(launch) == 0 && forget_handlers() == 0 &&
      pthread_sigmask(SIG_SETMASK, &launch->mask, NULL) == 0) {
    execvpe(launch->program, launch->argv, launch->envp);
  }
  launch->error = errno;
  _exit(127);
}

// --- in the parent

static int compare(const void* a, const void* b) { return *(const int*)a - *(const int*)b; }

static int read_list(struct launch* launch, const struct cloche_spawn_fd* fds) {
  for (size_t i = 0; i < launch->count; ++i) {
    launch->copies[i] = fds[i].from;
    launch->targets[i] = launch->kept[i] = fds[i].to;
  }
  qsort(launch->kept, launch->count, sizeof *launch->kept, compare);
  for (size_t i = 0; i < launch->count; ++i) {
    if (launch->kept[i] < 0 || (i > 0 && launch->kept[i] == launch->kept[i - 1])) {
      errno = EINVAL;
      return -1;
    }
  }
  return 0;
}

// An open file of the authority that the child gets. -1 with errno 0: it has none to give up.
static int open_authority(int cap) {
  if (cap >= 0) return cloche_cap_dup(cap);
  const int own = cloche_cap_open();
  if (own < 0) {
    if (errno == EACCES || errno == ENOENT || errno == ENXIO) errno = 0;
    return -1;
  }
  const int nothing = cloche_cap_narrow(own, "[]", NULL, 0);
  const int error = errno;
  close(own);
  errno = error;
  return nothing;
}

// Holds the caller until the child runs its program or has failed.
static int launch_child(struct launch* launch, pid_t* pid) {
  static const size_t kStack = 32768;  // execvpe() puts a path together on it
  char* stack = malloc(kStack);
  if (!stack) return -1;
  sigset_t all;
  int cancel;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &launch->mask);
  const pid_t made = clone(child, stack + kStack, CLONE_VM | CLONE_VFORK | SIGCHLD, launch);
  if (made < 0) launch->error = errno;
  if (made > 0 && launch->error) waitpid(made, NULL, 0);
  pthread_sigmask(SIG_SETMASK, &launch->mask, NULL);
  pthread_setcancelstate(cancel, NULL);
  free(stack);
  errno = launch->error;
  if (launch->error) return -1;
  *pid = made;
  return 0;
}

int cloche_cap_spawn(pid_t* pid, const char* program, char* const argv[], char* const envp[],
                     const struct cloche_spawn_fd* fds, size_t count, int cap) {
  static char* const kEmpty[] = {NULL};
  const int caller_errno = errno;
  int* lists = calloc(3 * count + 1, sizeof *lists);
  if (!lists) return -1;
  struct launch launch = {.program = program,
                          .argv = argv,
                          .envp = envp ? envp : kEmpty,
                          .count = count,
                          .copies = lists,
                          .targets = lists + count,
                          .kept = lists + 2 * count,
                          .authority = -1};
  int result = read_list(&launch, fds);
  if (result == 0) {
    launch.authority = open_authority(cap);
    result = launch.authority >= 0 || errno == 0 ? launch_child(&launch, pid) : -1;
  }
  const int error = result == 0 ? caller_errno : errno;
  if (launch.authority >= 0) close(launch.authority);
  free(lists);
  errno = error;
  return result;
}
