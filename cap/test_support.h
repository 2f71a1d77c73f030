// For the tests of this folder.
#pragma once

#include <string>

#include "cap/space.h"

namespace cloche::cap {

inline Scope tools(const char* pattern) { return Scope::tools(pattern).value(); }

inline Request call(std::string_view name, uint64_t bytes = 0) {
  Request request;
  request.name = name;
  request.bytes = bytes;
  return request;
}

inline Restriction with_calls(uint64_t calls) {
  Restriction restriction;
  restriction.budget.calls = calls;
  return restriction;
}

inline Restriction with_scope(const char* pattern) {
  Restriction restriction;
  restriction.scope = tools(pattern);
  return restriction;
}

// Allows calls that carry at most `limit` bytes.
class AtMost final : public Caveat {
 public:
  explicit AtMost(uint64_t limit) : limit_(limit) {}
  bool allows(const Request& request) const override { return request.bytes <= limit_; }
  std::string explain(const Request& request) const override {
    return "bytes must be up to " + std::to_string(limit_) + ", is " +
           std::to_string(request.bytes);
  }
  std::string describe() const override { return "bytes up to " + std::to_string(limit_); }
  size_t bytes() const override { return sizeof(AtMost); }

 private:
  const uint64_t limit_;
};

inline Restriction with_caveat(uint64_t limit) {
  Restriction restriction;
  restriction.caveats.push_back(std::make_shared<AtMost>(limit));
  return restriction;
}

}  // namespace cloche::cap
