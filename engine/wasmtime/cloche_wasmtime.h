// The C side of engine/wasmtime/src/lib.rs: what the wrapper crate adds to wasmtime's C API.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wasmtime.h>

#ifdef __cplusplus
extern "C" {
#endif

// Bytes that the crate allocated. Free them by cloche_bytes_free().
typedef struct {
  uint8_t* data;
  size_t size;
} cloche_bytes_t;

void cloche_bytes_free(cloche_bytes_t bytes);

// Results of cloche_prepare() and cloche_compile().
enum {
  CLOCHE_PREPARE_GOOD = 0,
  CLOCHE_PREPARE_MALFORMED = 1,    // not a valid module
  CLOCHE_PREPARE_UNSUPPORTED = 2,  // valid, but uses something that the sandbox does not offer
  CLOCHE_PREPARE_TOO_LARGE = 3,    // over a limit
  CLOCHE_PREPARE_INTERNAL = 4,
  CLOCHE_PREPARE_STOPPED = 5,  // go_on() said so
};

// Checks a guest module and rewrites it. On GOOD, `module` is what to compile and `info` describes
// it (Info::encode in prepare.rs has the format; engine/module.cc reads it); otherwise `message`
// says what was wrong. Thread class: safe.
int32_t cloche_prepare(const uint8_t* wasm, size_t size, uint32_t max_memory_pages,
                       cloche_bytes_t* module, cloche_bytes_t* info, cloche_bytes_t* message);

// Asked again and again while a module is compiled, by the thread that does it: shall it go on?
// `bytes` are those that the compiler has allocated at the time. Must not throw.
typedef struct {
  bool (*go_on)(void* env, uint64_t bytes);  // null: yes
  void* env;
} cloche_question_t;

// Compiles what cloche_prepare() made. On GOOD, `code` is what wasmtime_module_deserialize() takes;
// otherwise `message` says what was wrong: UNSUPPORTED, INTERNAL or STOPPED. Thread class: safe.
int32_t cloche_compile(const wasm_engine_t* engine, const uint8_t* module, size_t size,
                       cloche_question_t question, cloche_bytes_t* code, cloche_bytes_t* message);

// wasm_engine_new_with_config() that reports a bad configuration instead of aborting: null, and
// `message` filled. Takes the configuration. `keeps_exceptions` chooses the collector: the one that
// never frees, for programs that hold exception references in values.
wasm_engine_t* cloche_engine_new(wasm_config_t* config, bool keeps_exceptions,
                                 cloche_bytes_t* message);

// A number that differs between engines that cannot share compiled code: version, configuration,
// processor features.
void cloche_engine_fingerprint(const wasm_engine_t* engine, uint64_t* fingerprint);

// Forgets the exception that ended a call; false if there was none.
bool cloche_store_drop_exception(wasmtime_store_t* store);

// XXH3-128. Finds damage, not forgery.
void cloche_checksum(const uint8_t* data, size_t size, uint8_t out[16]);

#ifdef __cplusplus
}
#endif
