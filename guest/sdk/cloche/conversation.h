// The parts of /dev/tool's protocol (docs/tools.md) that the library's functions share. All of them
// are async-signal-safe and give -1 with errno.
#ifndef CLOCHE_CONVERSATION_H
#define CLOCHE_CONVERSATION_H

#include <stddef.h>

// Writes all of it. Never blocks.
int __cloche_send(int device, const char* bytes, size_t size);

// Reads the first line of an answer; blocks as read(2) does. Gives a status, and the bytes to come.
int __cloche_answer(int device, size_t* size);

// Reads exactly `size` bytes.
int __cloche_read(int device, char* bytes, size_t size);

// Sends a request that is answered at once, and reads the first line of the answer.
int __cloche_request(int device, const char* verb, const char* body, size_t body_size,
                     size_t* answer_size);

#endif
