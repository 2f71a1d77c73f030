// One event on its way into the audit log: named fields, in the order in which they are added.
//
// What comes from a guest goes in through text() and texts(): it becomes the inside of a JSON
// string, so no byte of it can end a field or a line. json() is for text that base/json wrote.
// Thread class: unsafe for one object.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cloche::audit {

// Whole numbers as a JSON array.
template <class Numbers>
std::string number_list(const Numbers& numbers) {
  std::string text = "[";
  for (const auto number : numbers) {
    if (text.size() > 1) text.push_back(',');
    text += std::to_string(number);
  }
  text.push_back(']');
  return text;
}

class Record {
 public:
  // `event` is a name of ours: "tool.call". Names are lower-case letters, digits, dots,
  // underscores.
  explicit Record(std::string_view event);

  // `key` is a name of ours, none of seq, time, sandbox, event, prev, hash, and each once.
  // Bytes that are not UTF-8 become U+FFFD.
  Record& text(std::string_view key, std::string_view value);
  Record& texts(std::string_view key, std::span<const std::string> values);
  Record& number(std::string_view key, uint64_t value);
  template <class Numbers>
  Record& numbers(std::string_view key, const Numbers& values) {
    return json(key, number_list(values));
  }
  Record& json(std::string_view key, std::string_view value);

  // `"event":"tool.call","tool":"a/b"`
  const std::string& fields() const { return fields_; }

 private:
  void begin_field(std::string_view key);
  std::string fields_;
};

}  // namespace cloche::audit
