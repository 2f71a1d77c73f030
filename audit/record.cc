#include "audit/record.h"

#include "base/json.h"
#include "base/result.h"

namespace cloche::audit {
namespace {

constexpr size_t kUsualBytes = 512;  // of one record

}  // namespace

Record::Record(std::string_view event) {
  fields_.reserve(kUsualBytes);
  CHECK(is_record_name(event));
  fields_.append("\"event\":\"").append(event).push_back('"');
}

void Record::begin_field(RecordKey key) { fields_.append(",\"").append(key.name()).append("\":"); }

Record& Record::text(RecordKey key, std::string_view value) {
  begin_field(key);
  append_quoted_json(fields_, value);
  return *this;
}

Record& Record::texts(RecordKey key, std::span<const std::string> values) {
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

Record& Record::number(RecordKey key, uint64_t value) {
  begin_field(key);
  fields_ += std::to_string(value);
  return *this;
}

Record& Record::json(RecordKey key, std::string_view value) {
  begin_field(key);
  fields_ += value;
  return *this;
}

}  // namespace cloche::audit
