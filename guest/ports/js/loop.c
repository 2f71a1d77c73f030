// The event loop: microtasks, timers, descriptors and signals.
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "js.h"

enum { SIGNALS = 65 };

sigset_t js_first_mask;

static sigset_t handled;  // blocked outside of the loop's wait
static volatile sig_atomic_t pending[SIGNALS];
static volatile sig_atomic_t any_pending;

double js_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

void js_report(struct host* host) {
  JSContext* context = host->context;
  JSValue error = JS_GetException(context);
  JSValue handled_by = JS_Call(context, host->hooks[HOOK_ERROR], JS_UNDEFINED, 1, &error);
  if (JS_IsException(handled_by)) {
    JSValue second = JS_GetException(context);
    const char* text =
        JS_ToCString(context, JS_IsFunction(context, host->hooks[HOOK_ERROR]) ? second : error);
    if (!text) js_no_memory();
    fprintf(stderr, "js: %s\n", text);
    exit(7);
  }
  JS_FreeValue(context, handled_by);
  JS_FreeValue(context, error);
}

JSValue js_call_hook(struct host* host, enum hook hook, int count, JSValueConst* arguments) {
  JSValue result = JS_Call(host->context, host->hooks[hook], JS_UNDEFINED, count, arguments);
  if (!JS_IsException(result)) return result;
  js_report(host);
  return JS_UNDEFINED;
}

void js_run_jobs(struct host* host) {
  do {
    if (host->shared[SHARED_TICKS] != 0) {
      JS_FreeValue(host->context, js_call_hook(host, HOOK_TICKS, 0, NULL));
    }
    JSContext* context;
    int done;
    while ((done = JS_ExecutePendingJob(host->runtime, &context)) != 0) {
      if (done < 0) js_report(host);
    }
    if (host->shared[SHARED_TICKS] == 0 && host->shared[SHARED_REJECTED] != 0) {
      JS_FreeValue(host->context, js_call_hook(host, HOOK_REJECTED, 0, NULL));
    }
  } while (host->shared[SHARED_TICKS] != 0 || JS_IsJobPending(host->runtime));
}

// --- descriptors

static struct watcher* find(struct host* host, int fd) {
  for (size_t i = 0; i < host->watcher_count; ++i) {
    if (host->watchers[i].fd == fd) return &host->watchers[i];
  }
  return NULL;
}

static void forget(struct host* host, struct watcher* watcher) {
  JSValue callback = watcher->callback;
  *watcher = host->watchers[--host->watcher_count];
  JS_FreeValue(host->context, callback);
}

static struct watcher* add(struct host* host, int fd) {
  if (host->watcher_count == host->watcher_room) {
    const size_t room = host->watcher_room ? 2 * host->watcher_room : 16;
    struct watcher* more = realloc(host->watchers, room * sizeof *more);
    if (!more) return NULL;
    host->watchers = more;
    host->watcher_room = room;
  }
  struct watcher* watcher = &host->watchers[host->watcher_count++];
  *watcher = (struct watcher){.fd = fd, .callback = JS_UNDEFINED};
  return watcher;
}

// watch(fd, events, callback, counts): the callback gets the events. Replaces what the fd had.
NATIVE(native_watch) {
  struct host* host = JS_GetContextOpaque(context);
  int32_t fd, events;
  if (JS_ToInt32(context, &fd, argv[0]) || JS_ToInt32(context, &events, argv[1]))
    return JS_EXCEPTION;
  struct watcher* watcher = find(host, fd);
  if (!watcher) watcher = add(host, fd);
  if (!watcher) return JS_ThrowOutOfMemory(context);
  JSValue old = watcher->callback;
  watcher->events = (short)events;
  watcher->callback = JS_DupValue(context, argv[2]);
  watcher->is_counted = JS_ToBool(context, argv[3]) > 0;
  JS_FreeValue(context, old);
  return JS_UNDEFINED;
}

NATIVE(native_unwatch) {
  struct host* host = JS_GetContextOpaque(context);
  int32_t fd;
  if (JS_ToInt32(context, &fd, argv[0])) return JS_EXCEPTION;
  struct watcher* watcher = find(host, fd);
  if (watcher) forget(host, watcher);
  return JS_NewBool(context, watcher != NULL);
}

static void call_watcher(struct host* host, int fd, short events) {
  struct watcher* watcher = find(host, fd);
  if (!watcher) return;
  JSValue callback = JS_DupValue(host->context, watcher->callback);
  JSValue argument = JS_NewInt32(host->context, events);
  JSValue result = JS_Call(host->context, callback, JS_UNDEFINED, 1, &argument);
  if (JS_IsException(result)) js_report(host);
  JS_FreeValue(host->context, result);
  JS_FreeValue(host->context, callback);
  js_run_jobs(host);
}

// --- signals

static void on_signal(int number) {
  pending[number] = 1;
  any_pending = 1;
}

// signal(number, is_handled): the loop calls HOOK_SIGNAL for it, or it does what it does by
// default.
NATIVE(native_signal) {
  int32_t number;
  if (JS_ToInt32(context, &number, argv[0])) return JS_EXCEPTION;
  if (number <= 0 || number >= SIGNALS) return JS_NewInt32(context, -EINVAL);
  const bool on = JS_ToBool(context, argv[1]) > 0;
  struct sigaction action = {.sa_handler = on ? on_signal : SIG_DFL};
  if (sigaction(number, &action, NULL) != 0) return js_failure(context);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, number);
  if (on) {
    sigaddset(&handled, number);
  } else {
    sigdelset(&handled, number);
  }
  sigprocmask(on ? SIG_BLOCK : SIG_UNBLOCK, &one, NULL);
  return JS_NewInt32(context, 0);
}

// --- interrupts of a session: SIGINT ends the code that runs, whatever it does

enum { CHANNEL = 900 };  // out of the way of code that closes what it did not open

static bool in_session;
static volatile sig_atomic_t interrupted, armed;

static void on_interrupt(int number) {
  interrupted = 1;
  on_signal(number);
}

static int should_stop(JSRuntime* runtime, void* data) {
  (void)runtime, (void)data;
  if (!interrupted || !armed) return 0;
  interrupted = pending[SIGINT] = 0;
  return 1;
}

// enterSession(fd): the same channel under another number
NATIVE(native_enter_session) {
  struct host* host = JS_GetContextOpaque(context);
  int32_t fd;
  if (JS_ToInt32(context, &fd, argv[0])) return JS_EXCEPTION;
  int channel = fcntl(fd, F_DUPFD_CLOEXEC, CHANNEL);
  if (channel < 0 && errno == EINVAL) channel = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (channel < 0) return js_failure(context);
  close(fd);
  const struct sigaction action = {.sa_handler = on_interrupt};
  if (sigaction(SIGINT, &action, NULL) != 0) return js_failure(context);
  JS_SetInterruptHandler(host->runtime, should_stop, NULL);
  in_session = true;
  return JS_NewInt32(context, channel);
}

// armInterrupt(on, keep): whether there was an interrupt, which is forgotten unless `keep`
NATIVE(native_arm_interrupt) {
  const bool was_interrupted = interrupted;
  armed = JS_ToBool(context, argv[0]) > 0;
  if (JS_ToBool(context, argv[1]) <= 0) interrupted = pending[SIGINT] = 0;
  return JS_NewBool(context, was_interrupted);
}

// Blocked while the loop decides whether to wait, so that none comes in between.
static void hold_interrupts(int how) {
  if (!in_session) return;
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, SIGINT);
  sigprocmask(how, &one, NULL);
}

static void call_signals(struct host* host) {
  interrupted = 0;
  while (any_pending) {
    any_pending = 0;
    for (int number = 1; number < SIGNALS; ++number) {
      if (!pending[number]) continue;
      pending[number] = 0;
      JSValue argument = JS_NewInt32(host->context, number);
      JS_FreeValue(host->context, js_call_hook(host, HOOK_SIGNAL, 1, &argument));
      js_run_jobs(host);
    }
  }
}

// --- the loop

static void call_timers(struct host* host) {
  const double now = js_now();
  while (host->shared[SHARED_TIMER] <= now) {
    JSValue argument = JS_NewFloat64(host->context, now);
    JSValue more = js_call_hook(host, HOOK_TIMER, 1, &argument);
    const bool again = JS_ToBool(host->context, more) > 0;
    JS_FreeValue(host->context, more);
    js_run_jobs(host);
    if (!again) return;
  }
}

static void call_immediates(struct host* host) {
  for (double left = host->shared[SHARED_IMMEDIATE]; left > 0; --left) {
    JS_FreeValue(host->context, js_call_hook(host, HOOK_IMMEDIATE, 0, NULL));
    js_run_jobs(host);
    if (host->shared[SHARED_IMMEDIATE] == 0) return;
  }
}

static bool is_alive(const struct host* host) {
  if (host->shared[SHARED_REFS] > 0 || host->shared[SHARED_IMMEDIATE] > 0) return true;
  for (size_t i = 0; i < host->watcher_count; ++i) {
    if (host->watchers[i].is_counted) return true;
  }
  return false;
}

// How long to wait; null: until something happens.
static struct timespec* wait_time(const struct host* host, struct timespec* time) {
  if (host->shared[SHARED_IMMEDIATE] > 0 || any_pending) return time;
  const double due = host->shared[SHARED_TIMER];
  if (isinf(due)) return NULL;
  const double left = due - js_now();
  if (left > 0) {
    time->tv_sec = (time_t)(left / 1e3);
    time->tv_nsec = (long)((left - (double)time->tv_sec * 1e3) * 1e6);
  }
  return time;
}

static void wait_for_descriptors(struct host* host) {
  const size_t count = host->watcher_count;
  struct pollfd* polled = malloc((count + 1) * sizeof *polled);
  if (!polled) js_no_memory();
  for (size_t i = 0; i < count; ++i) {
    polled[i] = (struct pollfd){.fd = host->watchers[i].fd, .events = host->watchers[i].events};
  }
  struct timespec time = {0};
  sigset_t mask;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  hold_interrupts(SIG_BLOCK);
  for (int number = 1; number < SIGNALS; ++number) {
    if (sigismember(&handled, number) == 1) sigdelset(&mask, number);
  }
  const int ready = ppoll(polled, count, wait_time(host, &time), &mask);
  hold_interrupts(SIG_UNBLOCK);
  for (size_t i = 0; ready > 0 && i < count; ++i) {
    if (polled[i].revents) call_watcher(host, polled[i].fd, polled[i].revents);
  }
  free(polled);
}

void js_loop(struct host* host) {
  js_run_jobs(host);
  for (;;) {
    while (is_alive(host)) {
      call_timers(host);
      if (!is_alive(host)) break;
      wait_for_descriptors(host);
      call_signals(host);
      call_immediates(host);
    }
    JSValue again = js_call_hook(host, HOOK_EXIT, 0, NULL);
    JS_FreeValue(host->context, again);
    js_run_jobs(host);
  }
}

static void element(JSContext* context, JSValueConst array, uint32_t index, int32_t* number) {
  JSValue value = JS_GetPropertyUint32(context, array, index);
  *number = 0;
  JS_ToInt32(context, number, value);
  JS_FreeValue(context, value);
}

// poll(descriptors, events of each, ms): what each of them is ready for
NATIVE(native_poll) {
  int32_t count;
  JSValue length = JS_GetPropertyStr(context, argv[0], "length");
  if (JS_ToInt32(context, &count, length) || count < 0) return JS_EXCEPTION;
  struct pollfd* polled = js_malloc(context, ((size_t)count + 1) * sizeof *polled);
  if (!polled) return JS_EXCEPTION;
  for (int32_t i = 0; i < count; ++i) {
    int32_t fd, events;
    element(context, argv[0], (uint32_t)i, &fd);
    element(context, argv[1], (uint32_t)i, &events);
    polled[i] = (struct pollfd){.fd = fd, .events = (short)events};
  }
  double time = 0;
  JS_ToFloat64(context, &time, argv[2]);
  const int result = poll(polled, (nfds_t)count,
                          time >= 1 << 30 ? -1
                          : time > 0      ? (int)ceil(time)
                                          : 0);
  if (result < 0 && errno != EINTR) {
    const int error = errno;
    js_free(context, polled);
    return JS_NewInt32(context, -error);
  }
  JSValue value = JS_NewArray(context);
  for (int32_t i = 0; i < count; ++i) {
    JS_SetPropertyUint32(context, value, (uint32_t)i,
                         JS_NewInt32(context, result > 0 ? polled[i].revents : 0));
  }
  js_free(context, polled);
  return value;
}

NATIVE(native_now) { return JS_NewFloat64(context, js_now()); }

NATIVE(native_run_jobs) {
  js_run_jobs(JS_GetContextOpaque(context));
  return JS_UNDEFINED;
}

NATIVE(native_is_alive) { return JS_NewBool(context, is_alive(JS_GetContextOpaque(context))); }

static const JSCFunctionListEntry kFunctions[] = {
    JS_CFUNC_DEF("poll", 3, native_poll),
    JS_CFUNC_DEF("isAlive", 0, native_is_alive),
    JS_CFUNC_DEF("watch", 4, native_watch),
    JS_CFUNC_DEF("unwatch", 1, native_unwatch),
    JS_CFUNC_DEF("signal", 2, native_signal),
    JS_CFUNC_DEF("now", 0, native_now),
    JS_CFUNC_DEF("runJobs", 0, native_run_jobs),
    JS_CFUNC_DEF("enterSession", 1, native_enter_session),
    JS_CFUNC_DEF("armInterrupt", 2, native_arm_interrupt),
};
const struct functions js_loop_functions = {kFunctions, sizeof kFunctions / sizeof *kFunctions};
