// What a sandbox's result object says.
#pragma once

#include <stdbool.h>

#include "cJSON.h"

// As `cloche run` exits.
int exit_status_of(const cJSON* result);

// Why it did not simply end, for a person; an empty string: it did. malloc'ed.
char* explain(const cJSON* result, const char* program);

// Puts the content of the file `fd` into the object, as text or, when it is not UTF-8, in base64.
void put_output(cJSON* result, const char* name, int fd);
