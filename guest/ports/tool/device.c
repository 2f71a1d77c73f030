#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void die(int exit_status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs(PROGRAM ": ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(exit_status);
}

int open_device(void) {
  const int device = open("/dev/tool", O_RDWR | O_CLOEXEC);
  if (device >= 0) return device;
  if (errno == ENOENT) die(EXIT_TOOL_FAILED, "this sandbox has no tools");
  if (errno == EACCES) die(EXIT_DENIED, "this process may not call any tool");
  die(EXIT_TOOL_FAILED, "/dev/tool: %s", strerror(errno));
}

static void send_all(int device, const char *bytes, size_t size) {
  while (size > 0) {
    const ssize_t sent = write(device, bytes, size);
    if (sent < 0) die(EXIT_TOOL_FAILED, "the call could not be sent: %s", strerror(errno));
    bytes += sent;
    size -= (size_t)sent;
  }
}

static size_t receive(int device, char *bytes, size_t size) {
  const ssize_t got = read(device, bytes, size);
  if (got < 0) die(EXIT_TOOL_FAILED, "no answer: %s", strerror(errno));
  if (got == 0) die(EXIT_TOOL_FAILED, "the answer ends too early");
  return (size_t)got;
}

struct answer request(int device, const char *verb, const char *body, size_t size) {
  send_all(device, verb, strlen(verb));
  send_all(device, body, size);
  char line[64];
  size_t length = 0;
  do {
    if (length + 1 == sizeof line) die(EXIT_TOOL_FAILED, "the answer makes no sense");
    receive(device, line + length, 1);
  } while (line[length++] != '\n');
  line[length] = '\0';
  struct answer answer;
  char word[16];
  if (sscanf(line, "%15s %zu\n", word, &answer.size) != 2) {
    die(EXIT_TOOL_FAILED, "the answer makes no sense");
  }
  answer.status = strcmp(word, "ok") == 0       ? STATUS_OK
                  : strcmp(word, "denied") == 0 ? STATUS_DENIED
                                                : STATUS_FAILED;
  answer.body = malloc(answer.size + 1);
  if (!answer.body) die(EXIT_TOOL_FAILED, "the answer of %zu bytes does not fit", answer.size);
  for (size_t at = 0; at < answer.size;) {
    at += receive(device, answer.body + at, answer.size - at);
  }
  answer.body[answer.size] = '\0';
  return answer;
}
