// What the programs of capabilities_test.py share. One of them runs the parts that its arguments
// name.
#pragma once

#include <cloche/cap.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// Ends the program loudly when it does not hold.
#define CHECK(condition)                                                                           \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "%s:%d: not so: %s (errno %d: %s)\n", __FILE__, __LINE__, #condition, errno, \
              strerror(errno));                                                                    \
      _exit(99);                                                                                   \
    }                                                                                              \
  } while (0)

#define CHECK_ERROR(call, error) \
  do {                           \
    errno = 0;                   \
    CHECK((call) == -1);         \
    CHECK(errno == (error));     \
  } while (0)

static inline int own_authority(void) {
  const int cap = cloche_cap_open();
  CHECK(cap >= 0);
  CHECK(fcntl(cap, F_GETFD) == FD_CLOEXEC);
  return cap;
}

// Calls a tool with {} and compares the text of the answer when `text` is not null.
static inline int ask(int cap, const char* tool, const char* text) {
  struct cloche_text answer;
  const int status = cloche_tool_call(cap, tool, "{}", 2, &answer);
  CHECK(status >= 0);
  CHECK(answer.bytes && strlen(answer.bytes) == answer.size);
  if (text && strcmp(answer.bytes, text) != 0) {
    fprintf(stderr, "%s: '%s' in place of '%s'\n", tool, answer.bytes, text);
    _exit(99);
  }
  free(answer.bytes);
  return status;
}

// How many descriptors are open.
static inline int open_files(void) {
  int count = 0;
  for (int fd = 0; fd < 2048; ++fd) count += fcntl(fd, F_GETFD) != -1;
  return count;
}

static inline int exit_status_of(pid_t child) {
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  return WEXITSTATUS(status);
}

struct part {
  const char* name;
  void (*run)(void);
};

static inline int run_part(const struct part* parts, const char* name) {
  for (; parts->name; ++parts) {
    if (strcmp(parts->name, name) != 0) continue;
    const int before = open_files();
    parts->run();
    CHECK(open_files() == before);
    puts("done");
    return 0;
  }
  fprintf(stderr, "there is no part '%s'\n", name);
  return 2;
}
