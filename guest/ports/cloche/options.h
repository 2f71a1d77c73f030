// What the words after `cloche run` say, as a request for /dev/tool (docs/sub-sandboxes.md).
#pragma once

#include <stdbool.h>

#include "cJSON.h"

enum { EXIT_DENIED = 77, EXIT_OWN_ERROR = 125 };

struct options {
  cJSON* request;
  bool json, quiet;
  const char* program;  // for messages
};

// Reads the words and the policy's file; a mistake ends the program with a message.
struct options read_options(int argc, char** argv);
