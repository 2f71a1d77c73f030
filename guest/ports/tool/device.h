// Requests on /dev/tool (docs/tools.md, "The device").
#pragma once

#include <stddef.h>

enum status { STATUS_OK, STATUS_DENIED, STATUS_FAILED };

struct answer {
  enum status status;
  char* body;  // malloc'ed, NUL after its end
  size_t size;
};

// Opens the device, or says why not and exits.
int open_device(void);

// Sends one request, `verb` with its words and `body`, and reads the answer. Exits on errors of the
// system, with a message.
struct answer request(int device, const char* verb, const char* body, size_t size);

// "PROGRAM: MESSAGE", which is the macro, to standard error, then exit.
_Noreturn void die(int exit_status, const char* format, ...) __attribute__((format(printf, 2, 3)));

enum { EXIT_TOOL_FAILED = 1, EXIT_USAGE = 2, EXIT_DENIED = 77 };
