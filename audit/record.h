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

// Lower-case letters, digits, dots, underscores.
constexpr bool is_record_name(std::string_view name) {
  for (const char c : name) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_')) return false;
  }
  return !name.empty();
}

// The name of a field: a literal, looked at by the compiler. None that the log itself writes.
class RecordKey {
 public:
  consteval RecordKey(const char* name) : name_(name) {  // NOLINT: implicit by design
    if (!is_record_name(name_)) not_a_name();
    for (const std::string_view own : {"seq", "time", "sandbox", "event", "prev", "hash"}) {
      if (name_ == own) not_a_name();
    }
  }
  std::string_view name() const { return name_; }

 private:
  static void not_a_name();  // not defined, and no constant expression
  std::string_view name_;
};

class Record {
 public:
  // `event` is a name of ours: "tool.call".
  explicit Record(std::string_view event);

  // Each key once. Bytes that are not UTF-8 become U+FFFD.
  Record& text(RecordKey key, std::string_view value);
  Record& texts(RecordKey key, std::span<const std::string> values);
  Record& number(RecordKey key, uint64_t value);
  template <class Numbers>
  Record& numbers(RecordKey key, const Numbers& values) {
    return json(key, number_list(values));
  }
  Record& json(RecordKey key, std::string_view value);

  // `"event":"tool.call","tool":"a/b"`
  const std::string& fields() const { return fields_; }

 private:
  void begin_field(RecordKey key);
  std::string fields_;
};

}  // namespace cloche::audit
