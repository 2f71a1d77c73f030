// The tools of the host (cloche/cap.h).
#include <cloche/cap.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "js.h"

static int descriptor(JSContext* context, JSValueConst value) {
  int32_t fd = -1;
  return JS_ToInt32(context, &fd, value) ? -1 : fd;
}

static JSValue status(JSContext* context, int result) {
  return result < 0 ? js_failure(context) : JS_NewInt32(context, result);
}

NATIVE(native_cap_open) { return status(context, cloche_cap_open()); }

// capList(cap): JSON
NATIVE(native_cap_list) {
  struct cloche_text list;
  if (cloche_cap_list(descriptor(context, argv[0]), &list) != 0) return js_failure(context);
  JSValue text = JS_NewStringLen(context, list.bytes, list.size);
  free(list.bytes);
  return text;
}

// toolStart(cap, name, parameters as JSON): a call, which can be read when it is answered
NATIVE(native_tool_start) {
  size_t size, name_size;
  const char* name = JS_ToCStringLen(context, &name_size, argv[1]);
  const char* text = name ? JS_ToCStringLen(context, &size, argv[2]) : NULL;
  JSValue value = JS_EXCEPTION;
  if (text) {
    errno = EINVAL;
    const int cap = descriptor(context, argv[0]);
    value =
        status(context, strlen(name) == name_size ? cloche_tool_start(cap, name, text, size) : -1);
  }
  JS_FreeCString(context, text);
  JS_FreeCString(context, name);
  return value;
}

// toolFinish(call): [status, text]; waits for the answer
NATIVE(native_tool_finish) {
  const int call = descriptor(context, argv[0]);
  struct cloche_text answer;
  int result;
  do result = cloche_tool_finish(call, &answer);
  while (result < 0 && errno == EINTR);
  if (result < 0) return js_failure(context);
  JSValue value = JS_NewArray(context);
  JS_SetPropertyUint32(context, value, 0, JS_NewInt32(context, result));
  JS_SetPropertyUint32(context, value, 1, JS_NewStringLen(context, answer.bytes, answer.size));
  free(answer.bytes);
  return value;
}

static const JSCFunctionListEntry kFunctions[] = {
    JS_CFUNC_DEF("capOpen", 0, native_cap_open),
    JS_CFUNC_DEF("capList", 1, native_cap_list),
    JS_CFUNC_DEF("toolStart", 3, native_tool_start),
    JS_CFUNC_DEF("toolFinish", 1, native_tool_finish),
};
const struct functions js_tool_functions = {kFunctions, sizeof kFunctions / sizeof *kFunctions};
