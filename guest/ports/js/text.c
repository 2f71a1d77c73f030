// Bytes to text and back: UTF-8, UTF-16, Latin-1, hexadecimal and Base64.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "js.h"

enum encoding { UTF8, UTF16, LATIN1, ASCII, HEX, BASE64, BASE64URL };

static const uint8_t kReplacement[] = {0xef, 0xbf, 0xbd};

// How many bytes at `at` are one whole character, 0 if they are none. `*bad`: then how many are
// replaced together, as the encoding standard has it.
static size_t utf8_length(const uint8_t* at, const uint8_t* end, size_t* bad) {
  const uint8_t first = at[0];
  *bad = 1;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  uint8_t low = 0x80, high = 0xbf;
  if (first == 0xe0) low = 0xa0;
  if (first == 0xed) high = 0x9f;
  if (first == 0xf0) low = 0x90;
  if (first == 0xf4) high = 0x8f;
  for (size_t i = 1; i < length; ++i) {
    *bad = i;
    if (at + i == end || at[i] < low || at[i] > high) return 0;
    low = 0x80;
    high = 0xbf;
  }
  return length;
}

static size_t valid_part(const uint8_t* bytes, size_t size) {
  const uint8_t *at = bytes, *end = bytes + size;
  size_t bad;
  while (at < end) {
    const size_t length = utf8_length(at, end, &bad);
    if (length == 0) break;
    at += length;
  }
  return (size_t)(at - bytes);
}

static JSValue from_utf8(JSContext* context, const uint8_t* bytes, size_t size) {
  const size_t valid = valid_part(bytes, size);
  if (valid == size) return JS_NewStringLen(context, (const char*)bytes, size);
  uint8_t* mended = js_malloc(context, 3 * size);
  if (!mended) return JS_EXCEPTION;
  memcpy(mended, bytes, valid);
  size_t length = valid;
  for (const uint8_t *at = bytes + valid, *end = bytes + size; at < end;) {
    size_t bad;
    const size_t good = utf8_length(at, end, &bad);
    memcpy(mended + length, good ? at : kReplacement, good ? good : sizeof kReplacement);
    length += good ? good : sizeof kReplacement;
    at += good ? good : bad;
  }
  JSValue text = JS_NewStringLen(context, (const char*)mended, length);
  js_free(context, mended);
  return text;
}

// Latin-1 and, half surrogates and all, UTF-16: by way of UTF-8 as the engine's own functions have
// it.
static JSValue from_units(JSContext* context, const uint8_t* bytes, size_t count, int width,
                          unsigned mask) {
  uint8_t* text = js_malloc(context, 3 * count + 1);
  if (!text) return JS_EXCEPTION;
  size_t length = 0;
  for (size_t i = 0; i < count; ++i) {
    unsigned unit = width == 2 ? bytes[2 * i] | (unsigned)bytes[2 * i + 1] << 8 : bytes[i] & mask;
    if (width == 2 && (unit & 0xfc00) == 0xd800 && i + 1 < count) {
      const unsigned next = bytes[2 * i + 2] | (unsigned)bytes[2 * i + 3] << 8;
      if ((next & 0xfc00) == 0xdc00) {
        const unsigned code = 0x10000 + ((unit & 0x3ff) << 10 | (next & 0x3ff));
        text[length++] = (uint8_t)(0xf0 | code >> 18);
        text[length++] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
        text[length++] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        text[length++] = (uint8_t)(0x80 | (code & 0x3f));
        ++i;
        continue;
      }
    }
    if (unit < 0x80) {
      text[length++] = (uint8_t)unit;
    } else if (unit < 0x800) {
      text[length++] = (uint8_t)(0xc0 | unit >> 6);
      text[length++] = (uint8_t)(0x80 | (unit & 0x3f));
    } else {
      text[length++] = (uint8_t)(0xe0 | unit >> 12);
      text[length++] = (uint8_t)(0x80 | (unit >> 6 & 0x3f));
      text[length++] = (uint8_t)(0x80 | (unit & 0x3f));
    }
  }
  JSValue value = JS_NewStringLen(context, (const char*)text, length);
  js_free(context, text);
  return value;
}

static JSValue to_hex(JSContext* context, const uint8_t* bytes, size_t size) {
  static const char kDigits[] = "0123456789abcdef";
  char* text = js_malloc(context, 2 * size + 1);
  if (!text) return JS_EXCEPTION;
  for (size_t i = 0; i < size; ++i) {
    text[2 * i] = kDigits[bytes[i] >> 4];
    text[2 * i + 1] = kDigits[bytes[i] & 15];
  }
  JSValue value = JS_NewStringLen(context, text, 2 * size);
  js_free(context, text);
  return value;
}

static JSValue to_base64(JSContext* context, const uint8_t* bytes, size_t size, bool is_url) {
  static const char kCommon[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  char digits[64];
  memcpy(digits, kCommon, 62);
  digits[62] = is_url ? '-' : '+';
  digits[63] = is_url ? '_' : '/';
  char* text = js_malloc(context, (size + 2) / 3 * 4 + 1);
  if (!text) return JS_EXCEPTION;
  size_t length = 0;
  for (size_t i = 0; i < size; i += 3) {
    const size_t left = size - i < 3 ? size - i : 3;
    const unsigned group = (unsigned)bytes[i] << 16 | (left > 1 ? (unsigned)bytes[i + 1] << 8 : 0) |
                           (left > 2 ? bytes[i + 2] : 0);
    for (size_t k = 0; k < 4; ++k) {
      if (k <= left) {
        text[length++] = digits[group >> (18 - 6 * k) & 63];
      } else if (!is_url) {
        text[length++] = '=';
      }
    }
  }
  JSValue value = JS_NewStringLen(context, text, length);
  js_free(context, text);
  return value;
}

// decode(bytes, start, end, encoding): a string
NATIVE(native_decode) {
  size_t size;
  const uint8_t* bytes = js_bytes(context, argv[0], &size);
  if (!bytes) return JS_EXCEPTION;
  uint32_t start, end, encoding;
  if (JS_ToUint32(context, &start, argv[1]) || JS_ToUint32(context, &end, argv[2]) ||
      JS_ToUint32(context, &encoding, argv[3])) {
    return JS_EXCEPTION;
  }
  if (end > size) end = (uint32_t)size;
  if (start > end) start = end;
  bytes += start;
  size = end - start;
  switch ((enum encoding)encoding) {
    case UTF8:
      return from_utf8(context, bytes, size);
    case UTF16:
      return from_units(context, bytes, size / 2, 2, 0xffff);
    case LATIN1:
      return from_units(context, bytes, size, 1, 0xff);
    case ASCII:
      return from_units(context, bytes, size, 1, 0x7f);
    case HEX:
      return to_hex(context, bytes, size);
    case BASE64:
    case BASE64URL:
      return to_base64(context, bytes, size, encoding == BASE64URL);
  }
  return JS_ThrowRangeError(context, "no such encoding");
}

// isUtf8(bytes)
NATIVE(native_is_utf8) {
  size_t size;
  const uint8_t* bytes = js_bytes(context, argv[0], &size);
  if (!bytes) return JS_EXCEPTION;
  return JS_NewBool(context, valid_part(bytes, size) == size);
}

// Half surrogates, which the engine writes as three bytes ED A0..BF xx, become U+FFFD.
static void mend_surrogates(uint8_t* text, size_t size) {
  for (uint8_t* at = text; (at = memchr(at, 0xed, size - (size_t)(at - text))); ++at) {
    if (at + 2 < text + size && at[1] >= 0xa0) memcpy(at, kReplacement, sizeof kReplacement);
    if (at + 1 == text + size) break;
  }
}

static size_t units_of(const uint8_t* text, size_t size, uint8_t* out, bool is_wide) {
  size_t length = 0;
  for (size_t i = 0; i < size;) {
    uint32_t code = text[i];
    const int more = code < 0x80 ? 0 : code < 0xe0 ? 1 : code < 0xf0 ? 2 : 3;
    if (more) code &= 0x3fu >> more;
    for (int k = 1; k <= more && i + (size_t)k < size; ++k)
      code = code << 6 | (text[i + (size_t)k] & 0x3f);
    i += (size_t)more + 1;
    const uint32_t units[] = {code > 0xffff ? 0xd800 + ((code - 0x10000) >> 10) : code,
                              0xdc00 + ((code - 0x10000) & 0x3ff)};
    for (int k = 0; k < (code > 0xffff ? 2 : 1); ++k) {
      out[length++] = (uint8_t)units[k];
      if (is_wide) out[length++] = (uint8_t)(units[k] >> 8);
    }
  }
  return length;
}

static int hex_digit(uint8_t digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  digit |= 0x20;
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static size_t from_hex(const uint8_t* text, size_t size, uint8_t* out) {
  size_t length = 0;
  for (size_t i = 0; i + 1 < size; i += 2) {
    const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) break;
    out[length++] = (uint8_t)(high << 4 | low);
  }
  return length;
}

static int base64_digit(uint8_t digit) {
  if (digit >= 'A' && digit <= 'Z') return digit - 'A';
  if (digit >= 'a' && digit <= 'z') return digit - 'a' + 26;
  if (digit >= '0' && digit <= '9') return digit - '0' + 52;
  if (digit == '+' || digit == '-') return 62;
  return digit == '/' || digit == '_' ? 63 : -1;
}

// Forgiving: both alphabets, and what is no digit does not count; the first = ends it.
static size_t from_base64(const uint8_t* text, size_t size, uint8_t* out) {
  size_t length = 0;
  uint32_t bits = 0;
  int count = 0;
  for (size_t i = 0; i < size && text[i] != '='; ++i) {
    const int digit = base64_digit(text[i]);
    if (digit < 0) continue;
    bits = bits << 6 | (uint32_t)digit;
    if (++count % 4 != 1) out[length++] = (uint8_t)(bits >> (6 - 2 * ((count - 1) & 3)));
  }
  return length;
}

static void free_bytes(JSRuntime* runtime, void* data, void* bytes) {
  (void)data;
  js_free_rt(runtime, bytes);
}

// encode(string, encoding): an ArrayBuffer
NATIVE(native_encode) {
  uint32_t encoding;
  size_t size;
  if (JS_ToUint32(context, &encoding, argv[1])) return JS_EXCEPTION;
  const uint8_t* text = (const uint8_t*)JS_ToCStringLen(context, &size, argv[0]);
  if (!text) return JS_EXCEPTION;
  // UTF-16 needs the most room: two bytes for each byte of ASCII.
  uint8_t* out = js_malloc(context, 2 * size + 1);
  if (!out) {
    JS_FreeCString(context, (const char*)text);
    return JS_EXCEPTION;
  }
  size_t length = size;
  switch ((enum encoding)encoding) {
    case UTF8:
      memcpy(out, text, size);
      mend_surrogates(out, size);
      break;
    case UTF16:
      length = units_of(text, size, out, true);
      break;
    case LATIN1:
    case ASCII:
      length = units_of(text, size, out, false);
      break;
    case HEX:
      length = from_hex(text, size, out);
      break;
    case BASE64:
    case BASE64URL:
      length = from_base64(text, size, out);
      break;
  }
  JS_FreeCString(context, (const char*)text);
  return JS_NewArrayBuffer(context, out, length, free_bytes, NULL, false);
}

// byteLength(string): in UTF-8
NATIVE(native_byte_length) {
  size_t size;
  const char* text = JS_ToCStringLen(context, &size, argv[0]);
  if (!text) return JS_EXCEPTION;
  JS_FreeCString(context, text);
  return JS_NewInt64(context, (int64_t)size);
}

// compare(bytes, bytes): below zero, 0, above
NATIVE(native_compare) {
  size_t a_size, b_size;
  const uint8_t* a = js_bytes(context, argv[0], &a_size);
  const uint8_t* b = a ? js_bytes(context, argv[1], &b_size) : NULL;
  if (!b) return JS_EXCEPTION;
  const int order = memcmp(a, b, a_size < b_size ? a_size : b_size);
  if (order != 0) return JS_NewInt32(context, order < 0 ? -1 : 1);
  return JS_NewInt32(context, (a_size > b_size) - (a_size < b_size));
}

// indexOf(bytes, what, from): -1 if it is not there
NATIVE(native_index_of) {
  size_t size, wanted_size;
  const uint8_t* bytes = js_bytes(context, argv[0], &size);
  const uint8_t* wanted = bytes ? js_bytes(context, argv[1], &wanted_size) : NULL;
  if (!wanted) return JS_EXCEPTION;
  uint32_t from;
  if (JS_ToUint32(context, &from, argv[2])) return JS_EXCEPTION;
  if (from > size) return JS_NewInt32(context, -1);
  const uint8_t* found = memmem(bytes + from, size - from, wanted, wanted_size);
  return JS_NewInt64(context, found ? found - bytes : -1);
}

static const JSCFunctionListEntry kFunctions[] = {
    JS_CFUNC_DEF("decode", 4, native_decode),   JS_CFUNC_DEF("encode", 2, native_encode),
    JS_CFUNC_DEF("isUtf8", 1, native_is_utf8),  JS_CFUNC_DEF("byteLength", 1, native_byte_length),
    JS_CFUNC_DEF("compare", 2, native_compare), JS_CFUNC_DEF("indexOf", 3, native_index_of),
};
const struct functions js_text_functions = {kFunctions, sizeof kFunctions / sizeof *kFunctions};
