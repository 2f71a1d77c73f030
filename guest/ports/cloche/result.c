#include "result.h"

#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options.h"

enum { EXIT_TIMEOUT = 124, EXIT_NOT_RUNNABLE = 126, EXIT_NOT_FOUND = 127, EXIT_SIGNAL = 128,
       EXIT_LIMIT = 137 };

static const char *const kSignals[] = {
    "",        "SIGHUP",  "SIGINT",  "SIGQUIT", "SIGILL",    "SIGTRAP", "SIGABRT", "SIGBUS",
    "SIGFPE",  "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2",   "SIGPIPE", "SIGALRM", "SIGTERM",
    "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG",
    "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",  "SIGPWR",  "SIGSYS"};
enum { SIGNAL_COUNT = sizeof kSignals / sizeof kSignals[0], FIRST_REAL_TIME = 34 };

static const char *text_of(const cJSON *object, const char *name) {
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
  return cJSON_IsString(value) ? value->valuestring : "";
}

static bool is(const char *a, const char *b) { return strcmp(a, b) == 0; }

static int signal_of(const char *name) {
  for (int i = 1; i < SIGNAL_COUNT; ++i) {
    if (is(name, kSignals[i])) return i;
  }
  int number = 0;
  if (is(name, "SIGRTMIN")) return FIRST_REAL_TIME;
  if (sscanf(name, "SIGRTMIN+%d", &number) == 1) return FIRST_REAL_TIME + number;
  if (is(name, "SIGRTMAX")) return 64;
  if (sscanf(name, "signal %d", &number) == 1) return number;
  return 0;
}

int exit_status_of(const cJSON *result) {
  const char *outcome = text_of(result, "outcome");
  if (is(outcome, "exited")) {
    const cJSON *code = cJSON_GetObjectItemCaseSensitive(result, "exit_code");
    return cJSON_IsNumber(code) ? code->valueint : EXIT_OWN_ERROR;
  }
  if (is(outcome, "signaled")) return EXIT_SIGNAL + signal_of(text_of(result, "signal"));
  if (is(outcome, "timeout")) return EXIT_TIMEOUT;
  if (is(outcome, "limit") || is(outcome, "cancelled")) return EXIT_LIMIT;
  if (is(outcome, "denied")) return EXIT_DENIED;
  const char *type = text_of(cJSON_GetObjectItemCaseSensitive(result, "error"), "type");
  if (is(type, "not_found")) return EXIT_NOT_FOUND;
  if (is(type, "not_executable")) return EXIT_NOT_RUNNABLE;
  return EXIT_OWN_ERROR;
}

char *explain(const cJSON *result, const char *program) {
  const char *outcome = text_of(result, "outcome");
  const char *message = text_of(cJSON_GetObjectItemCaseSensitive(result, "error"), "message");
  char *text = NULL;
  int made = 0;
  if (is(outcome, "timeout")) {
    made = asprintf(&text, "ended at the wall-clock limit (--timeout)");
  } else if (is(outcome, "limit")) {
    made = asprintf(&text, "ended at the limit %s", text_of(result, "limit"));
  } else if (is(outcome, "signaled") && *message) {
    made = asprintf(&text, "%s: ended by %s: %s", program, text_of(result, "signal"), message);
  } else {
    made = asprintf(&text, "%s", is(outcome, "exited") ? "" : message);
  }
  if (made < 0) errx(EXIT_OWN_ERROR, "out of memory");
  return text;
}

// Bytes of the code point that `text` begins with; 0: none.
static size_t code_point(const uint8_t *text, size_t size) {
  static const uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const size_t length = text[0] < 0x80             ? 1
                        : (text[0] & 0xe0) == 0xc0 ? 2
                        : (text[0] & 0xf0) == 0xe0 ? 3
                        : (text[0] & 0xf8) == 0xf0 ? 4
                                                   : 0;
  if (length == 0 || length > size) return 0;
  uint32_t point = length == 1 ? text[0] : text[0] & (0x7fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((text[i] & 0xc0) != 0x80) return 0;
    point = point << 6 | (text[i] & 0x3f);
  }
  const bool surrogate = point >= 0xd800 && point < 0xe000;
  return point < kLeast[length] || surrogate || point > 0x10ffff ? 0 : length;
}

// A NUL would end a C string, so a text with one is no text here.
static bool is_text(const uint8_t *bytes, size_t size) {
  for (size_t at = 0; at < size;) {
    const size_t length = bytes[at] ? code_point(bytes + at, size - at) : 0;
    if (length == 0) return false;
    at += length;
  }
  return true;
}

static char *base64(const uint8_t *bytes, size_t size) {
  static const char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char *text = malloc((size + 2) / 3 * 4 + 1), *out = text;
  if (!text) errx(EXIT_OWN_ERROR, "out of memory");
  for (size_t i = 0; i < size; i += 3) {
    const size_t count = size - i < 3 ? size - i : 3;
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (k < count ? bytes[i + k] : 0u);
    for (size_t k = 0; k < 4; ++k) *out++ = k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  *out = '\0';
  return text;
}

static uint8_t *read_file(int fd, size_t *size) {
  struct stat stat;
  if (fstat(fd, &stat) != 0) errx(EXIT_OWN_ERROR, "the output: %s", strerror(errno));
  *size = 0;
  uint8_t *bytes = malloc((size_t)stat.st_size + 1);
  if (!bytes) errx(EXIT_OWN_ERROR, "the output of %lld bytes does not fit", (long long)stat.st_size);
  while (*size < (size_t)stat.st_size) {
    const ssize_t got = pread(fd, bytes + *size, (size_t)stat.st_size - *size, (off_t)*size);
    if (got < 0) errx(EXIT_OWN_ERROR, "the output: %s", strerror(errno));
    if (got == 0) break;
    *size += (size_t)got;
  }
  bytes[*size] = '\0';
  return bytes;
}

void put_output(cJSON *result, const char *name, int fd) {
  size_t size;
  uint8_t *bytes = read_file(fd, &size);
  const bool text = is_text(bytes, size);
  char *value = text ? (char *)bytes : base64(bytes, size);
  char encoding[32];
  snprintf(encoding, sizeof encoding, "%s_encoding", name);
  cJSON_ReplaceItemInObjectCaseSensitive(result, name, cJSON_CreateString(value));
  cJSON_ReplaceItemInObjectCaseSensitive(result, encoding,
                                         cJSON_CreateString(text ? "utf-8" : "base64"));
  if (!text) free(value);
  free(bytes);
}
