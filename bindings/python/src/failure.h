// Failures of Cloche as exceptions of Python (cloche/_errors.py).
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "include/cloche/cloche.hpp"

namespace cloche::python {

// `kind` is that of a Failure, or "closed", "forked".
class Failed : public std::runtime_error {
 public:
  Failed(std::string kind, const std::string& message, int error_number = 0)
      : std::runtime_error(message), kind_(std::move(kind)), error_number_(error_number) {}
  explicit Failed(const Failure& failure)
      : Failed(to_string(failure.kind), failure.message, failure.error_number) {}
  const std::string& kind() const { return kind_; }
  int error_number() const { return error_number_; }

 private:
  std::string kind_;
  int error_number_;
};

// What it holds, or throws.
template <class T>
T value_or_throw(Expected<T> expected) {
  if (!expected) throw Failed(expected.error());
  return std::move(*expected);
}

inline void throw_if(const std::optional<Failure>& failure) {
  if (failure) throw Failed(*failure);
}

}  // namespace cloche::python
