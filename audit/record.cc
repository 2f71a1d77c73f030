#include "audit/record.h"

#include <algorithm>

#include "base/json.h"
#include "base/result.h"

namespace cloche::audit {
namespace {

constexpr size_t kUsualBytes = 512;  // of one record
constexpr std::string_view kReserved[] = {"seq", "time", "sandbox", "prev", "hash"};

bool is_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
  });
}

}  // namespace

Record::Record(std::string_view event) {
  fields_.reserve(kUsualBytes);
  CHECK(is_name(event));
  fields_.append("\"event\":\"").append(event).push_back('"');
}

void Record::begin_field(std::string_view key) {
  CHECK(is_name(key) && std::ranges::find(kReserved, key) == std::end(kReserved));
  fields_.append(",\"").append(key).append("\":");
}

Record& Record::text(std::string_view key, std::string_view value) {
  begin_field(key);
  append_quoted_json(fields_, value);
  return *this;
}

Record& Record::texts(std::string_view key, std::span<const std::string> values) {
  begin_field(key);
  char separator = '[';
  for (const std::string& value : values) {
    fields_.push_back(separator);
    append_quoted_json(fields_, value);
    separator = ',';
  }
  fields_ += values.empty() ? "[]" : "]";
  return *this;
}

Record& Record::number(std::string_view key, uint64_t value) {
  begin_field(key);
  fields_ += std::to_string(value);
  return *this;
}

Record& Record::json(std::string_view key, std::string_view value) {
  begin_field(key);
  fields_ += value;
  return *this;
}

}  // namespace cloche::audit
