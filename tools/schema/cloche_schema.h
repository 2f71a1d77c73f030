// The C side of tools/schema/src/lib.rs: JSON Schema, draft 2020-12. tools/schema.h is what to use.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cloche_schema cloche_schema_t;

// A JSON pointer and a message for each problem, at most 8 of them: UTF-8, 512 bytes at most, each
// ended by a zero byte. Free it by cloche_schema_text_free().
typedef struct {
  char* data;
  size_t size;
} cloche_schema_text_t;

// Both take a value as pack() in tools/schema.cc writes it (tools/schema/src/packed.rs reads it).
//
// Returns null and fills `problem`, where the pointer is into the schema, if it cannot be used.
// Runs on a thread of its own, which it waits for, since references nest calls. Thread class: safe.
cloche_schema_t* cloche_schema_compile(const uint8_t* packed, size_t size,
                                       cloche_schema_text_t* problem);

// False, and fills `problems`, where pointers are into the value, if it does not match. Takes up to
// 512 KiB of stack and leaves the schema as it is. Thread class: safe.
bool cloche_schema_validate(const cloche_schema_t* schema, const uint8_t* packed, size_t size,
                            cloche_schema_text_t* problems);

void cloche_schema_free(cloche_schema_t* schema);
void cloche_schema_text_free(cloche_schema_text_t text);

#ifdef __cplusplus
}
#endif
