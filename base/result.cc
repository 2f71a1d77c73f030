#include "base/result.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace cloche {

const char* code_name(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
      return "invalid argument";
    case Code::kNotFound:
      return "not found";
    case Code::kExists:
      return "exists already";
    case Code::kPermissionDenied:
      return "permission denied";
    case Code::kMalformed:
      return "malformed";
    case Code::kUnsupported:
      return "unsupported";
    case Code::kResourceExhausted:
      return "resource exhausted";
    case Code::kIo:
      return "input/output error";
    case Code::kInternal:
      return "internal error";
  }
  return "unknown";
}

Error make_error(Code code, const char* format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return Error{code, text};
}

Error errno_error(int saved_errno, const std::string& what) {
  Code code = Code::kIo;
  if (saved_errno == ENOENT || saved_errno == ENOTDIR) code = Code::kNotFound;
  if (saved_errno == EACCES || saved_errno == EPERM) code = Code::kPermissionDenied;
  if (saved_errno == ENOMEM || saved_errno == EMFILE || saved_errno == ENOSPC)
    code = Code::kResourceExhausted;
  return Error{code, what + ": " + strerror(saved_errno)};
}

}  // namespace cloche

void cloche_check_failed(const char* file, int line, const char* condition) {
  fprintf(stderr, "cloche: internal error: %s:%d: %s\n", file, line, condition);
  abort();
}
