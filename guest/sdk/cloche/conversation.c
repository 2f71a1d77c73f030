#include "conversation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cloche/cap.h"

int __cloche_send(int device, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t sent = write(device, bytes, size);
    if (sent < 0) return -1;
    bytes += sent;
    size -= (size_t)sent;
  }
  return 0;
}

int __cloche_read(int device, char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t got = read(device, bytes, size);
    if (got < 0) return -1;
    if (got == 0) {
      errno = EPROTO;
      return -1;
    }
    bytes += got;
    size -= (size_t)got;
  }
  return 0;
}

static int parse_answer(const char* line, size_t* size) {
  static const char* const kWords[] = {"ok ", "denied ", "failed "};
  for (int status = CLOCHE_TOOL_OK; status <= CLOCHE_TOOL_FAILED; ++status) {
    const size_t length = strlen(kWords[status]);
    if (strncmp(line, kWords[status], length) != 0) continue;
    *size = strtoul(line + length, NULL, 10);
    return status;
  }
  errno = EPROTO;
  return -1;
}

// Byte by byte: what follows the line is the caller's to read.
int __cloche_answer(int device, size_t* size) {
  char line[32];
  size_t length = 0;
  do {
    if (length == sizeof line) {
      errno = EPROTO;
      return -1;
    }
    if (__cloche_read(device, line + length, 1) != 0) return -1;
  } while (line[length++] != '\n');
  line[length - 1] = '\0';
  return parse_answer(line, size);
}

int __cloche_request(int device, const char* verb, const char* body, size_t body_size,
                     size_t* answer_size) {
  if (__cloche_send(device, verb, strlen(verb)) != 0) return -1;
  if (__cloche_send(device, body, body_size) != 0) return -1;
  return __cloche_answer(device, answer_size);
}
