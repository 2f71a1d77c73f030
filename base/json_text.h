// Makes the text of one JSON array or object, piece by piece, in the order of the pieces.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace cloche {

class JsonText {
 public:
  // '[' or '{'
  explicit JsonText(char open) : text_(1, open), close_(open == '[' ? ']' : '}') {}
  // A member, or with an empty key an element, that is JSON.
  JsonText& add(std::string_view key, std::string_view json) {
    if (text_.size() > 1) text_ += ',';
    if (close_ == '}') text_ += quote_json(key) + ":";
    text_ += json;
    return *this;
  }
  JsonText& quote(std::string_view key, std::string_view value) {
    return add(key, quote_json(value));
  }
  JsonText& flag(std::string_view key, bool value) { return add(key, value ? "true" : "false"); }
  std::string end() { return text_ + close_; }

 private:
  std::string text_;
  const char close_;
};

}  // namespace cloche
