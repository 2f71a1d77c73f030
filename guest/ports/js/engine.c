// What only the engine knows: kinds of objects, states of promises, compiling, and imports.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "js.h"

// The engine's numbers of classes, which it does not publish, as it calls the objects' prototypes.
static const char* const kKinds[] = {
    "Undefined",
    "Object",
    "Array",
    "Error",
    "Number",
    "String",
    "Boolean",
    "Symbol",
    "Arguments",
    "Arguments",
    "Date",
    "Module",
    "Function",
    "Function",
    "Function",
    "Function",
    "Function",
    "Object",
    "RegExp",
    "ArrayBuffer",
    "SharedArrayBuffer",
    "Uint8ClampedArray",
    "Int8Array",
    "Uint8Array",
    "Int16Array",
    "Uint16Array",
    "Int32Array",
    "Uint32Array",
    "BigInt64Array",
    "BigUint64Array",
    "Float32Array",
    "Float64Array",
    "DataView",
    "BigInt",
    "Map",
    "Set",
    "WeakMap",
    "WeakSet",
    "Map Iterator",
    "Set Iterator",
    "Array Iterator",
    "String Iterator",
    "RegExp String Iterator",
    "Generator",
    "Proxy",
    "Promise",
    "Function",
    "Function",
    "Function",
    "Function",
    "Function",
    "Object",
    "Function",
    "AsyncGenerator",
    "WeakRef",
    "FinalizationRegistry",
};

// kind(value): what the object is, whatever its prototype says
NATIVE(native_kind) {
  if (!JS_IsObject(argv[0])) return JS_NewString(context, "");
  const JSClassID id = JS_GetClassID(argv[0]);
  return JS_NewString(context, id < sizeof kKinds / sizeof *kKinds ? kKinds[id] : "Object");
}

// promise(value): [state, result]; 0 pending, 1 fulfilled, 2 rejected
NATIVE(native_promise) {
  const int state = (int)JS_PromiseState(context, argv[0]);
  if (state < 0) return JS_UNDEFINED;
  JSValue value = JS_NewArray(context);
  JS_SetPropertyUint32(context, value, 0, JS_NewInt32(context, state));
  JS_SetPropertyUint32(context, value, 1, JS_PromiseResult(context, argv[0]));
  return value;
}

static JSValue evaluate(JSContext* context, JSValueConst* argv, int flags) {
  size_t size;
  const char* text = JS_ToCStringLen(context, &size, argv[0]);
  const char* name = text ? JS_ToCString(context, argv[1]) : NULL;
  JSValue result = name ? JS_Eval(context, text, size, name, flags) : JS_EXCEPTION;
  JS_FreeCString(context, name);
  JS_FreeCString(context, text);
  return result;
}

// evaluate(text, name): as a script
NATIVE(native_evaluate) { return evaluate(context, argv, JS_EVAL_TYPE_GLOBAL); }

enum { CELL = JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_ASYNC | JS_EVAL_FLAG_CELL };

// evaluateCell(text, name): a promise of { value }
NATIVE(native_evaluate_cell) { return evaluate(context, argv, CELL); }

// compiles(text): whether it is the text of a cell
NATIVE(native_compiles) {
  JSValueConst arguments[] = {argv[0], argv[0]};
  JSValue compiled = evaluate(context, arguments, CELL | JS_EVAL_FLAG_COMPILE_ONLY);
  const bool is_good = !JS_IsException(compiled);
  if (!is_good) JS_FreeValue(context, JS_GetException(context));
  JS_FreeValue(context, compiled);
  return JS_NewBool(context, is_good);
}

static struct host* host_of(JSContext* context) { return JS_GetContextOpaque(context); }

static int add_meta(JSContext* context, JSModuleDef* module, const char* name) {
  JSValue arguments[] = {JS_NewString(context, name), JS_GetImportMeta(context, module)};
  JSValue done = JS_Call(context, host_of(context)->hooks[HOOK_META], JS_UNDEFINED, 2, arguments);
  JS_FreeValue(context, arguments[0]);
  JS_FreeValue(context, arguments[1]);
  JS_FreeValue(context, done);
  return JS_IsException(done) ? -1 : 0;
}

static JSModuleDef* compile_module(JSContext* context, const char* text, size_t size,
                                   const char* name) {
  JSValue compiled =
      JS_Eval(context, text, size, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
  if (JS_IsException(compiled)) return NULL;
  JSModuleDef* module = JS_VALUE_GET_PTR(compiled);
  JS_FreeValue(context, compiled);  // the context still holds it
  return add_meta(context, module, name) == 0 ? module : NULL;
}

// evaluateModule(text, name): a promise of its end
NATIVE(native_evaluate_module) {
  size_t size;
  const char* text = JS_ToCStringLen(context, &size, argv[0]);
  const char* name = text ? JS_ToCString(context, argv[1]) : NULL;
  JSModuleDef* module = name ? compile_module(context, text, size, name) : NULL;
  JS_FreeCString(context, name);
  JS_FreeCString(context, text);
  if (!module) return JS_EXCEPTION;
  JSValue value = JS_DupValue(context, JS_MKPTR(JS_TAG_MODULE, module));
  if (JS_ResolveModule(context, value) < 0) {
    JS_FreeValue(context, value);
    return JS_EXCEPTION;
  }
  return JS_EvalFunction(context, value);
}

// --- imports

static char* resolve(JSContext* context, const char* importer, const char* specifier, void* data) {
  struct host* host = data;
  JSValue arguments[] = {JS_NewString(context, importer), JS_NewString(context, specifier)};
  JSValue name = JS_Call(context, host->hooks[HOOK_RESOLVE], JS_UNDEFINED, 2, arguments);
  JS_FreeValue(context, arguments[0]);
  JS_FreeValue(context, arguments[1]);
  const char* text = JS_IsException(name) ? NULL : JS_ToCString(context, name);
  JS_FreeValue(context, name);
  char* copy = text ? js_strdup(context, text) : NULL;
  JS_FreeCString(context, text);
  return copy;
}

// The object that a name stands for: HOOK_LOAD gives the same one each time.
static JSValue load(JSContext* context, const char* name) {
  JSValue argument = JS_NewString(context, name);
  JSValue loaded = JS_Call(context, host_of(context)->hooks[HOOK_LOAD], JS_UNDEFINED, 1, &argument);
  JS_FreeValue(context, argument);
  return loaded;
}

enum names { DECLARE, SET };

// Declares or sets each own name of `exports`.
static int for_names(JSContext* context, JSModuleDef* module, JSValueConst exports,
                     enum names what) {
  JSPropertyEnum* names;
  uint32_t count;
  if (JS_GetOwnPropertyNames(context, &names, &count, exports,
                             JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY) < 0)
    return -1;
  int result = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const char* name = result == 0 ? JS_AtomToCString(context, names[i].atom) : NULL;
    if (!name) {
      result = -1;
    } else if (what == DECLARE) {
      result = JS_AddModuleExport(context, module, name);
    } else {
      JSValue value = JS_GetProperty(context, exports, names[i].atom);
      result = JS_IsException(value) ? -1 : JS_SetModuleExport(context, module, name, value);
    }
    JS_FreeCString(context, name);
    JS_FreeAtom(context, names[i].atom);
  }
  js_free(context, names);
  return result;
}

static int set_exports(JSContext* context, JSModuleDef* module) {
  const JSAtom atom = JS_GetModuleName(context, module);
  const char* name = JS_AtomToCString(context, atom);
  JS_FreeAtom(context, atom);
  JSValue exports = name ? load(context, name) : JS_EXCEPTION;
  JS_FreeCString(context, name);
  if (JS_IsException(exports)) return -1;
  const int result = for_names(context, module, exports, SET);
  JS_FreeValue(context, exports);
  return result;
}

static JSModuleDef* load_module(JSContext* context, const char* name, void* data) {
  (void)data;
  JSValue loaded = load(context, name);
  if (JS_IsException(loaded)) return NULL;
  JSModuleDef* module = NULL;
  if (JS_IsString(loaded)) {
    size_t size;
    const char* text = JS_ToCStringLen(context, &size, loaded);
    if (text) module = compile_module(context, text, size, name);
    JS_FreeCString(context, text);
  } else {
    module = JS_NewCModule(context, name, set_exports);
    if (module && for_names(context, module, loaded, DECLARE) != 0) module = NULL;
  }
  JS_FreeValue(context, loaded);
  return module;
}

void js_install_loader(struct host* host) {
  JS_SetModuleLoaderFunc(host->runtime, resolve, load_module, host);
}

// --- the rest

// library(name): the text of a module in lib/
NATIVE(native_library) {
  const char* name = JS_ToCString(context, argv[0]);
  if (!name) return JS_EXCEPTION;
  size_t size;
  const char* text = js_library(name, &size);
  JSValue value = JS_UNDEFINED;
  if (text) {
    char* full = NULL;
    const size_t room = strlen(name) + sizeof "node:internal/";
    full = js_malloc(context, room);
    if (full) {
      strcpy(full, "node:internal/");
      strcat(full, name);
    }
    const int before = JS_GetStripInfo(host_of(context)->runtime);
    JS_SetStripInfo(host_of(context)->runtime, JS_STRIP_SOURCE);
    value = full ? JS_Eval(context, text, size, full, JS_EVAL_TYPE_GLOBAL) : JS_EXCEPTION;
    JS_SetStripInfo(host_of(context)->runtime, before);
    js_free(context, full);
  }
  JS_FreeCString(context, name);
  return value;
}

// detach(buffer): what has been given away is empty
NATIVE(native_detach) {
  JS_DetachArrayBuffer(context, argv[0]);
  return JS_UNDEFINED;
}

NATIVE(native_collect) {
  JS_RunGC(host_of(context)->runtime);
  return JS_UNDEFINED;
}

// traceLimit(frames): of the stacks of errors
NATIVE(native_trace_limit) {
  int32_t frames;
  if (JS_ToInt32(context, &frames, argv[0])) return JS_EXCEPTION;
  JS_SetBacktraceLimit(host_of(context)->runtime, frames);
  return JS_UNDEFINED;
}

// heap(): [bytes allocated, bytes used, objects]
NATIVE(native_heap) {
  JSMemoryUsage usage;
  JS_ComputeMemoryUsage(host_of(context)->runtime, &usage);
  JSValue value = JS_NewArray(context);
  JS_SetPropertyUint32(context, value, 0, JS_NewInt64(context, usage.malloc_size));
  JS_SetPropertyUint32(context, value, 1, JS_NewInt64(context, usage.memory_used_size));
  JS_SetPropertyUint32(context, value, 2, JS_NewInt64(context, usage.obj_count));
  return value;
}

static const JSCFunctionListEntry kFunctions[] = {
    JS_CFUNC_DEF("kind", 1, native_kind),
    JS_CFUNC_DEF("promise", 1, native_promise),
    JS_CFUNC_DEF("evaluate", 2, native_evaluate),
    JS_CFUNC_DEF("evaluateModule", 2, native_evaluate_module),
    JS_CFUNC_DEF("evaluateCell", 2, native_evaluate_cell),
    JS_CFUNC_DEF("compiles", 1, native_compiles),
    JS_CFUNC_DEF("library", 1, native_library),
    JS_CFUNC_DEF("detach", 1, native_detach),
    JS_CFUNC_DEF("collect", 0, native_collect),
    JS_CFUNC_DEF("heap", 0, native_heap),
    JS_CFUNC_DEF("traceLimit", 1, native_trace_limit),
};
const struct functions js_engine_functions = {kFunctions, sizeof kFunctions / sizeof *kFunctions};
