// What every C case uses: output by one write(2) a line (no buffer that fork could copy), errno and
// signals by name (libcs word their messages differently), checks that end the case loudly.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

// Prints a line on stdout.
UNUSED __attribute__((format(printf, 1, 2))) static void say(const char* format, ...) {
  char line[4096];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line - 1, format, arguments);
  va_end(arguments);
  if (length > (int)sizeof line - 2) length = sizeof line - 2;
  line[length++] = '\n';
  for (int at = 0; at < length;) {
    ssize_t n = write(1, line + at, (size_t)(length - at));
    if (n <= 0) _exit(99);
    at += (int)n;
  }
}

UNUSED static const char* error_name(int error) {
  static const struct {
    int number;
    const char* name;
  } names[] = {
      {0, "0"},
#define N(name) {name, #name}
      N(E2BIG),           N(EACCES),
      N(EAGAIN),          N(EBADF),
      N(EBUSY),           N(ECHILD),
      N(EDEADLK),         N(EDOM),
      N(EEXIST),          N(EFAULT),
      N(EFBIG),           N(EINTR),
      N(EINVAL),          N(EIO),
      N(EISDIR),          N(ELOOP),
      N(EMFILE),          N(EMLINK),
      N(ENAMETOOLONG),    N(ENFILE),
      N(ENODEV),          N(ENOENT),
      N(ENOEXEC),         N(ENOLCK),
      N(ENOMEM),          N(ENOSPC),
      N(ENOSYS),          N(ENOTDIR),
      N(ENOTEMPTY),       N(ENOTTY),
      N(ENXIO),           N(EOVERFLOW),
      N(EPERM),           N(EPIPE),
      N(ERANGE),          N(EROFS),
      N(ESPIPE),          N(ESRCH),
      N(ETIMEDOUT),       N(ETXTBSY),
      N(EXDEV),           N(EOPNOTSUPP),
      N(EILSEQ),          N(ENOTSOCK),
      N(EADDRINUSE),      N(ECONNREFUSED),
      N(ECONNRESET),      N(EISCONN),
      N(ENOTCONN),        N(EMSGSIZE),
      N(EPROTOTYPE),      N(EDESTADDRREQ),
      N(ECANCELED),       N(ENODATA),
      N(EINPROGRESS),     N(EALREADY),
      N(ECONNABORTED),    N(ENETUNREACH),
      N(EADDRNOTAVAIL),   N(EAFNOSUPPORT),
      N(ENOPROTOOPT),     N(EPROTONOSUPPORT),
      N(ESOCKTNOSUPPORT),
#undef N
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (names[i].number == error) return names[i].name;
  return "another error";
}

UNUSED static const char* signal_name(int signo) {
  static const struct {
    int number;
    const char* name;
  } names[] = {
#define N(name) {name, #name}
      N(SIGHUP),    N(SIGINT),  N(SIGQUIT),  N(SIGILL),  N(SIGTRAP), N(SIGABRT),
      N(SIGBUS),    N(SIGFPE),  N(SIGKILL),  N(SIGUSR1), N(SIGSEGV), N(SIGUSR2),
      N(SIGPIPE),   N(SIGALRM), N(SIGTERM),  N(SIGCHLD), N(SIGCONT), N(SIGSTOP),
      N(SIGTSTP),   N(SIGTTIN), N(SIGTTOU),  N(SIGURG),  N(SIGXCPU), N(SIGXFSZ),
      N(SIGVTALRM), N(SIGPROF), N(SIGWINCH), N(SIGIO),   N(SIGSYS),
#undef N
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (names[i].number == signo) return names[i].name;
  return signo ? "another signal" : "0";
}

// Prints a result, with the error's name when it is -1. Returns the result.
UNUSED static long show(const char* what, long result) {
  int error = errno;
  if (result == -1)
    say("%s: -1 %s", what, error_name(error));
  else
    say("%s: %ld", what, result);
  errno = error;
  return result;
}

// The same for calls that return an error number.
UNUSED static void show_error(const char* what, int error) {
  say("%s: %s", what, error_name(error));
}

// Ends the case when something fails that it does not test.
UNUSED static long must(const char* what, long result) {
  if (result == -1) {
    say("FAILED %s: %s", what, error_name(errno));
    _exit(98);
  }
  return result;
}
#define MUST(call) must(#call, (long)(call))

UNUSED static void show_status(const char* what, int status) {
  if (WIFEXITED(status))
    say("%s: exited %d", what, WEXITSTATUS(status));
  else if (WIFSIGNALED(status))
    say("%s: killed by %s", what, signal_name(WTERMSIG(status)));
  else if (WIFSTOPPED(status))
    say("%s: stopped by %s", what, signal_name(WSTOPSIG(status)));
  else if (WIFCONTINUED(status))
    say("%s: continued", what);
  else
    say("%s: status %#x", what, (unsigned)status);
}

// Waits for a child and prints how it ended.
UNUSED static int reap(const char* what, pid_t pid) {
  int status = 0;
  pid_t got;
  do got = waitpid(pid, &status, 0);
  while (got == -1 && errno == EINTR);
  if (got == -1)
    say("%s: waitpid %s", what, error_name(errno));
  else
    show_status(what, status);
  return status;
}

// One byte through a pipe: "now it's your turn".
UNUSED static void give_turn(int fd) { MUST(write(fd, "t", 1)); }
UNUSED static void await_turn(int fd) {
  char byte;
  ssize_t n;
  do n = read(fd, &byte, 1);
  while (n == -1 && errno == EINTR);
  if (n != 1) {
    say("FAILED await_turn: %zd", n);
    _exit(97);
  }
}

UNUSED static void put_file(const char* path, const char* text) {
  int fd = (int)MUST(open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644));
  MUST(write(fd, text, strlen(text)));
  MUST(close(fd));
}

// Prints the content of a small file.
UNUSED static void show_file(const char* path) {
  char text[2048];
  int fd = open(path, O_RDONLY);
  if (fd < 0) {
    show(path, -1);
    return;
  }
  ssize_t n = read(fd, text, sizeof text - 1);
  text[n < 0 ? 0 : n] = 0;
  say("%s: [%s]", path, text);
  close(fd);
}

UNUSED static void catch_signal(int signo, void (*handler)(int), int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = flags;
  MUST(sigaction(signo, &action, NULL));
}

UNUSED static void sleep_ms(long ms) {
  struct timespec wanted = {ms / 1000, ms % 1000 * 1000000};
  while (nanosleep(&wanted, &wanted) == -1 && errno == EINTR) {
  }
}

UNUSED static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
