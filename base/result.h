// Result<T>: a value or an error, returned, never thrown.
//
// Two kinds of error exist. `Error` is for the host side: a code from one table and a message for a
// person. `abi::Errno` (abi/errno.h) is for what a guest sees. Both use the same Result template.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace cloche {

// What went wrong on the host side, and so what the caller should do next.
enum class Code : uint8_t {
  kInvalidArgument,    // the caller passed something wrong: fix the call
  kNotFound,           // the named thing does not exist
  kExists,             // the named thing exists already
  kPermissionDenied,   // the host's operating system or a policy says no
  kMalformed,          // input bytes (module, pack, cache file) are not what they should be
  kUnsupported,        // valid, but this build or host cannot do it
  kResourceExhausted,  // a limit or the host's memory was reached
  kIo,                 // an operating system call failed; the message holds its errno text
  kInternal,           // a bug in Cloche
};

const char* code_name(Code code);

struct Error {
  Code code = Code::kInternal;
  std::string message;
};

Error make_error(Code code, const char* format, ...) __attribute__((format(printf, 2, 3)));
// kIo/kNotFound/kPermissionDenied by `saved_errno`, message "<what>: <strerror>".
Error errno_error(int saved_errno, const std::string& what);

struct Unit {};

template <class T, class E = Error>
class [[nodiscard]] Result {
 public:
  using Value = T;
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit,
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: by design
  explicit operator bool() const { return state_.index() == 0; }
  bool ok() const { return state_.index() == 0; }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  const E& error() const { return std::get<1>(state_); }
  T& operator*() { return value(); }
  T* operator->() { return &value(); }
  const T& operator*() const { return value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, E> state_;
};

using Status = Result<Unit>;
inline Status ok_status() { return Unit{}; }

}  // namespace cloche

// The value of a Result expression; on error, return that error from the enclosing function.
#define TRY(expression)                                \
  ({                                                   \
    auto try_result_ = (expression);                   \
    if (!try_result_.ok()) return try_result_.error(); \
    std::move(try_result_).value();                    \
  })

// Stops the process loudly. For our own bugs only: unreachable from guest bytes.
[[noreturn]] void cloche_check_failed(const char* file, int line, const char* condition);
#define CHECK(condition)                                   \
  do {                                                     \
    if (!(condition)) [[unlikely]]                         \
      cloche_check_failed(__FILE__, __LINE__, #condition); \
  } while (0)
