// js: runs a JavaScript program. Everything but the start is in lib/ and in the other files here.
#include <cloche/warm.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "js.h"

extern char** environ;

// What a program may use of the stack of 8 MiB before recursion is an error. JavaScript's frames
// are counted by quickjs/patches/01-depth.patch as well, since most of a frame is not on this
// stack.
enum { STACK_FOR_SCRIPTS = 7 << 20 };

// Of the memory that is free at the start scripts may use all but one part of MEMORY_PARTS before
// they get an exception. The allocator needs more than they ask it for.
enum { MEMORY_PARTS = 8 };

// A collection begins when this much is allocated; then at 1.5 times what was left.
enum { FIRST_COLLECTION = 4 << 20 };

static struct host host;

void js_no_memory(void) {
  static const char kMessage[] = "js: out of memory\n";
  (void)!write(STDERR_FILENO, kMessage, sizeof kMessage - 1);
  _exit(134);
}

static void need(bool holds) {
  if (!holds) js_no_memory();
}

static void add_functions(JSValue native, struct functions functions) {
  JS_SetPropertyFunctionList(host.context, native, functions.list, functions.count);
}

static JSValue make_native(void) {
  JSContext* context = host.context;
  JSValue native = JS_NewObject(context);
  add_functions(native, js_file_functions);
  add_functions(native, js_process_functions);
  add_functions(native, js_loop_functions);
  add_functions(native, js_text_functions);
  add_functions(native, js_engine_functions);
  add_functions(native, js_tool_functions);
  add_functions(native, js_hash_functions);
  host.shared = calloc(SHARED_COUNT, sizeof *host.shared);
  need(host.shared);
  JSValue buffer = JS_NewArrayBuffer(context, (uint8_t*)host.shared,
                                     SHARED_COUNT * sizeof *host.shared, NULL, NULL, false);
  JSValueConst whole[] = {buffer, JS_UNDEFINED, JS_UNDEFINED};
  JSValue shared = JS_NewTypedArray(context, 3, whole, JS_TYPED_ARRAY_FLOAT64);
  JS_FreeValue(context, buffer);
  need(JS_SetPropertyStr(context, native, "shared", shared) >= 0);
  return native;
}

static void on_rejection(JSContext* context, JSValueConst promise, JSValueConst reason,
                         int is_handled, void* data) {
  struct host* self = data;
  JSValueConst arguments[] = {promise, reason, JS_NewBool(context, is_handled)};
  JS_FreeValue(context, js_call_hook(self, HOOK_REJECTION, 3, arguments));
}

// bootstrap.js exports the hooks.
static void bootstrap(void) {
  JSContext* context = host.context;
  size_t size;
  const char* text = js_library("bootstrap", &size);
  JSValue function = JS_Eval(context, text, size, "node:internal/bootstrap", JS_EVAL_TYPE_GLOBAL);
  if (JS_IsException(function)) js_report(&host);
  JSValue module = JS_NewObject(context);
  JSValueConst arguments[] = {module, JS_UNDEFINED, JS_UNDEFINED, host.native};
  JSValue result = JS_Call(context, function, JS_UNDEFINED, 4, arguments);
  if (JS_IsException(result)) js_report(&host);
  JSValue hooks = JS_GetPropertyStr(context, module, "exports");
  for (int hook = 0; hook < HOOK_COUNT; ++hook) {
    host.hooks[hook] = JS_GetPropertyUint32(context, hooks, (uint32_t)hook);
  }
  JS_FreeValue(context, hooks);
  JS_FreeValue(context, result);
  JS_FreeValue(context, module);
  JS_FreeValue(context, function);
}

static void set_up(void) {
  host.runtime = JS_NewRuntime();
  need(host.runtime);
  JS_SetMaxStackSize(host.runtime, STACK_FOR_SCRIPTS);
  JS_SetGCThreshold(host.runtime, FIRST_COLLECTION);
  JS_SetCanBlock(host.runtime, true);
  host.context = JS_NewContext(host.runtime);
  need(host.context);
  JS_SetContextOpaque(host.context, &host);
  for (int hook = 0; hook < HOOK_COUNT; ++hook) host.hooks[hook] = JS_UNDEFINED;
  js_install_loader(&host);
  host.native = make_native();
  bootstrap();
  JS_SetHostPromiseRejectionTracker(host.runtime, on_rejection, &host);
}

static JSValue texts(char** words) {
  JSValue array = JS_NewArray(host.context);
  for (uint32_t i = 0; words[i]; ++i) {
    JS_SetPropertyUint32(host.context, array, i, JS_NewString(host.context, words[i]));
  }
  return array;
}

static void limit_memory(void) {
  struct sysinfo info;
  if (sysinfo(&info) != 0 || info.freeram == 0) return;
  const uint64_t free_bytes = (uint64_t)info.freeram * info.mem_unit;
  const uint64_t limit = free_bytes - free_bytes / MEMORY_PARTS;
  JS_SetMemoryLimit(host.runtime, limit < SIZE_MAX ? (size_t)limit : SIZE_MAX);
}

static int run(char** argv) {
  sigprocmask(SIG_BLOCK, NULL, &js_first_mask);
  signal(SIGPIPE, SIG_IGN);  // a broken pipe is EPIPE
  limit_memory();
  JSValue arguments[] = {texts(argv), texts(environ)};
  JS_FreeValue(host.context, js_call_hook(&host, HOOK_MAIN, 2, arguments));
  JS_FreeValue(host.context, arguments[0]);
  JS_FreeValue(host.context, arguments[1]);
  js_loop(&host);
  return 0;  // HOOK_EXIT has left already
}

void cloche_warm_up(void) {
  set_up();
  JS_FreeValue(host.context, js_call_hook(&host, HOOK_WARM, 0, NULL));
  JS_RunGC(host.runtime);
}

int cloche_resume(int argc, char** argv) {
  (void)argc;
  JS_UpdateStackTop(host.runtime);
  return run(argv);
}

int main(int argc, char** argv) {
  (void)argc;
  set_up();
  return run(argv);
}
