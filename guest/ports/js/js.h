// js: JavaScript in the guest. What the C side of the program shares.
//
// The C side is small and knows no policy: it gives the modules in lib/ one object, `native`, whose
// functions are thin over system calls. They give a number below zero, -errno, where a call failed,
// and throw only for arguments that make no sense or for want of memory.
#ifndef JS_H
#define JS_H

#include <quickjs.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What the loop and the modules in lib/ tell each other without a call: a Float64Array.
enum shared {
  SHARED_TICKS,      // how many process.nextTick() wait
  SHARED_REJECTED,   // how many promises were rejected that nobody looked at
  SHARED_TIMER,      // when the next timer is due, in ms of js_now(); infinite: there is none
  SHARED_REFS,       // how many timers and other things keep the program alive
  SHARED_IMMEDIATE,  // how many setImmediate() wait
  SHARED_COUNT,
};

// What lib/bootstrap.js gives to the C side, in this order.
enum hook {
  HOOK_MAIN,       // (arguments, environment): looks at the command line and starts the program
  HOOK_TICKS,      // (): runs what process.nextTick() got
  HOOK_REJECTED,   // (): deals with rejected promises that nobody looked at
  HOOK_TIMER,      // (now): runs one timer that is due; true: another one may be due
  HOOK_IMMEDIATE,  // (): runs the first setImmediate()
  HOOK_SIGNAL,     // (number)
  HOOK_ERROR,      // (error): nobody caught it
  HOOK_REJECTION,  // (promise, reason, is handled)
  HOOK_EXIT,       // (): nothing is left to do; gives whether there is something again
  HOOK_RESOLVE,    // (importer, specifier): the name of a module
  HOOK_LOAD,       // (name): the text of a module, or an object of what it exports
  HOOK_META,       // (name, import.meta)
  HOOK_WARM,       // (): loads what most programs use, for the ready image
  HOOK_COUNT,
};

// A function of `native`. It has as many arguments as its entry in the table says, undefined if
// need be.
#define NATIVE(name)                                                                               \
  static JSValue name(__attribute__((unused)) JSContext* context,                                  \
                      __attribute__((unused)) JSValueConst this, __attribute__((unused)) int argc, \
                      __attribute__((unused)) JSValueConst* argv)

struct watcher {
  int fd;
  short events;
  bool is_counted;  // keeps the program alive
  JSValue callback;
};

struct host {
  JSRuntime* runtime;
  JSContext* context;
  JSValue hooks[HOOK_COUNT];
  JSValue native;
  double* shared;
  struct watcher* watchers;
  size_t watcher_count, watcher_room;
};

// Milliseconds of the monotonic clock.
double js_now(void);

// Calls a hook with borrowed arguments; what it throws goes to HOOK_ERROR.
JSValue js_call_hook(struct host* host, enum hook hook, int count, JSValueConst* arguments);

// Ends the program by what the exception of the context says.
void js_report(struct host* host);

// Ends as a program does that has no memory left for an exception.
_Noreturn void js_no_memory(void);

// The ticks, all microtasks, then what became of rejected promises, until nothing waits.
void js_run_jobs(struct host* host);

// Runs until nothing keeps the program alive.
void js_loop(struct host* host);

// The bytes of a typed array, DataView or ArrayBuffer; null, with an exception, for anything else.
uint8_t* js_bytes(JSContext* context, JSValueConst value, size_t* size);

// -errno as a value.
JSValue js_failure(JSContext* context);

// Sets up imports from files and from lib/.
void js_install_loader(struct host* host);

// A table of functions of `native`.
struct functions {
  const JSCFunctionListEntry* list;
  int count;
};
extern const struct functions js_file_functions, js_process_functions, js_loop_functions,
    js_text_functions, js_engine_functions, js_tool_functions, js_hash_functions;

// The signals that the program has handlers for are blocked outside of the loop; children get this
// mask.
extern sigset_t js_first_mask;

// The text of a module in lib/; null: there is none of this name.
const char* js_library(const char* name, size_t* size);

#endif
