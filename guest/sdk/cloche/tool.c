#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cloche/cap.h"
#include "conversation.h"

#define MAX_NAME 255

static int drop(int call) {
  const int error = errno;
  close(call);
  errno = error;
  return -1;
}

int cloche_tool_begin(int cap, const char* name, size_t size) {
  const size_t length = strnlen(name, MAX_NAME + 1);
  // Else the name would be another request.
  if (length == 0 || length > MAX_NAME || strpbrk(name, " \n")) {
    errno = EINVAL;
    return -1;
  }
  const int call = cloche_cap_dup(cap);
  if (call < 0) return -1;
  char line[MAX_NAME + 32];
  const int line_length = snprintf(line, sizeof line, "call %s %zu\n", name, size);
  return __cloche_send(call, line, (size_t)line_length) == 0 ? call : drop(call);
}

int cloche_sandbox_start(int cap, const char* request, size_t size) {
  const int call = cloche_cap_dup(cap);
  if (call < 0) return -1;
  char line[32];
  const int length = snprintf(line, sizeof line, "run %zu\n", size);
  if (__cloche_send(call, line, (size_t)length) != 0) return drop(call);
  return __cloche_send(call, request, size) == 0 ? call : drop(call);
}

int cloche_tool_start(int cap, const char* name, const char* parameters, size_t size) {
  const int call = cloche_tool_begin(cap, name, size);
  if (call < 0) return -1;
  return __cloche_send(call, parameters, size) == 0 ? call : drop(call);
}

int cloche_tool_status(int call, size_t* size) { return __cloche_answer(call, size); }

int cloche_tool_finish(int call, struct cloche_text* answer) {
  *answer = (struct cloche_text){0};
  size_t size;
  const int status = cloche_tool_status(call, &size);
  if (status < 0) return errno == EINTR || errno == EAGAIN ? -1 : drop(call);
  char* bytes = malloc(size + 1);
  if (!bytes) return drop(call);
  if (__cloche_read(call, bytes, size) != 0) {
    drop(call);
    free(bytes);
    return -1;
  }
  bytes[size] = '\0';
  close(call);
  *answer = (struct cloche_text){bytes, size};
  return status;
}

int cloche_tool_call(int cap, const char* name, const char* parameters, size_t size,
                     struct cloche_text* answer) {
  *answer = (struct cloche_text){0};
  const int call = cloche_tool_start(cap, name, parameters, size);
  if (call < 0) return -1;
  int status;
  do status = cloche_tool_finish(call, answer);
  while (status < 0 && errno == EINTR);
  return status;
}
