// Parameters of a call from words of a command line.
#pragma once

#include "cJSON.h"

// How the program ends when it cannot do what it was asked.
enum { EXIT_TOOL_FAILED = 1, EXIT_USAGE = 2, EXIT_DENIED = 77 };

// Makes the object of parameters from `--NAME VALUE`, `--NAME=VALUE` and, for true, `--NAME`.
// `schema` is the tool's; null: none is known. A NAME with slashes is a path: `--to/iban X` is
// {"to":{"iban":"X"}}. The schema says how VALUE is meant: a string, a number (its digits stay as
// they are), true or false, JSON for arrays and objects; an array also takes one element each time
// the option is given. Where it says nothing, what is JSON is JSON, and all else a string. Exits
// with a message on bad words.
cJSON* parse_parameters(char** words, const cJSON* schema);

// What `--help` says of the parameters, to standard output.
void print_parameters(const cJSON* schema);
