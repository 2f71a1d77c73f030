// From a typed handler to a row of the table: takes i32 arguments apart as the handler's parameter
// types say, and makes its result what the guest expects, a value or -errno.
#pragma once

#include <algorithm>
#include <type_traits>
#include <utility>

#include "kernel/syscalls/table.h"

namespace cloche::kernel {

// How many i32 a parameter takes, and how it is made of them.
template <class T>
struct Argument {
  static constexpr uint32_t kWords = 1;
  static T take(const int32_t* words) {
    if constexpr (std::is_base_of_v<UserPtr, T>) {
      T pointer;
      pointer.address = static_cast<uint32_t>(words[0]);
      return pointer;
    } else {
      static_assert(sizeof(T) == 4, "a parameter is Fd, a pointer, or an integer");
      return static_cast<T>(words[0]);
    }
  }
};
template <>
struct Argument<uint64_t> {
  static constexpr uint32_t kWords = 2;
  static uint64_t take(const int32_t* words) {
    return static_cast<uint32_t>(words[0]) |
           (static_cast<uint64_t>(static_cast<uint32_t>(words[1])) << 32);
  }
};
template <>
struct Argument<int64_t> {
  static constexpr uint32_t kWords = 2;
  static int64_t take(const int32_t* words) {
    return static_cast<int64_t>(Argument<uint64_t>::take(words));
  }
};

inline int32_t encode(Unit) { return 0; }
inline int32_t encode(int32_t value) { return value; }
inline int32_t encode(uint32_t value) { return static_cast<int32_t>(value); }
inline int32_t encode(Fd value) { return static_cast<int32_t>(value); }
inline int32_t encode(uint64_t value) {  // byte counts
  return static_cast<int32_t>(std::min<uint64_t>(value, INT32_MAX));
}

template <class R, class... Parameters>
constexpr uint32_t words_of(SysResult<R> (*)(Call&, Parameters...)) {
  return (0 + ... + Argument<Parameters>::kWords);
}

template <class R, class... Parameters, size_t... Index>
SysResult<R> apply(SysResult<R> (*handler)(Call&, Parameters...), Call& call,
                   [[maybe_unused]] const int32_t* words, std::index_sequence<Index...>) {
  constexpr std::array<uint32_t, sizeof...(Parameters) + 1> kCounts{
      Argument<Parameters>::kWords...};
  [[maybe_unused]] constexpr auto kOffsets = [kCounts] {
    std::array<uint32_t, sizeof...(Parameters) + 1> offsets{};
    for (size_t i = 1; i < offsets.size(); ++i) offsets[i] = offsets[i - 1] + kCounts[i - 1];
    return offsets;
  }();
  return handler(call, Argument<Parameters>::take(words + kOffsets[Index])...);
}

template <class R, class... Parameters>
SysResult<R> apply(SysResult<R> (*handler)(Call&, Parameters...), Call& call,
                   const int32_t* words) {
  return apply(handler, call, words, std::index_sequence_for<Parameters...>{});
}

template <auto Handler>
int32_t invoke(Call& call, const int32_t* words) {
  const auto result = apply(Handler, call, words);
  return result.ok() ? encode(result.value()) : -static_cast<int32_t>(result.error());
}

template <auto Handler, uint32_t Arity>
constexpr auto bind() {
  static_assert(words_of(Handler) == Arity, "the handler's parameters must match the table's row");
  return &invoke<Handler>;
}

}  // namespace cloche::kernel
