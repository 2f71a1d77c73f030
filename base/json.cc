#include "base/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/decimal.h"
#include "base/printable.h"

namespace cloche {
namespace {

using Library = nlohmann::json;

constexpr size_t kShownBytes = 80;

std::string shown_part(std::string_view text) { return printable(text.substr(0, kShownBytes)); }

// The library's message without where it was (which JsonError says) and what was read.
std::string message_of(std::string text) {
  const size_t place = text.find(": ");
  if (place != std::string::npos) text.erase(0, place + 2);
  const size_t read = text.find("; last read: '");
  const size_t end = text.rfind('\'');
  if (read != std::string::npos && end > read) text.erase(read, end + 1 - read);
  return shown_part(text);
}

std::string pointer_step(std::string_view name) {
  std::string out = "/";
  for (const char c : shown_part(name))
    out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

// Makes a Json of what the library's parser reports. The parser reports no places, so this finds
// each token in the text again, whose grammar the parser has checked by then; numbers are taken
// from there, too, since the parser hands them over rounded or in the notation of a locale.
class Builder {
 public:
  Builder(std::string_view text, const JsonLimits& limits) : text_(text), limits_(limits) {}

  Result<Json, JsonError> read() {
    CHECK(limits_.depth <= JsonLimits::kMaxDepth);
    if (text_.size() > limits_.bytes || text_.size() > UINT32_MAX) {
      fail(0, "the text is longer than " + std::to_string(limits_.bytes) + " bytes");
    } else if (text_.starts_with("\xEF\xBB\xBF")) {
      fail(0, "the text begins with a byte order mark");
    } else if (Library::sax_parse(text_.begin(), text_.end(), this)) {
      // The library takes a NUL for the end.
      skip(kSpace);
      if (at_ != text_.size()) fail(at_, "more follows after the value");
    }
    if (failed_) return std::move(error_);
    return std::move(root_);
  }

  // --- what the parser calls; false stops it
  bool null() { return add(Json::Kind::kNull, 4) != nullptr; }
  bool boolean(bool value) {
    Json* const added = add(Json::Kind::kBool, value ? 4 : 5);
    if (added) added->boolean = value;
    return added != nullptr;
  }
  bool number_integer(int64_t) { return number(); }
  bool number_unsigned(uint64_t) { return number(); }
  bool number_float(double, const std::string&) { return number(); }
  bool string(std::string& value) {
    Json* const added = add(Json::Kind::kString, 0);
    if (!added) return false;
    added->text = std::move(value);
    skip_string();
    return true;
  }
  bool binary(Library::binary_t&) { return false; }  // no JSON text has any
  bool start_object(size_t) { return open(Json::Kind::kObject); }
  bool start_array(size_t) { return open(Json::Kind::kArray); }
  bool key(std::string& name) {
    JsonMember& member = open_.back()->members.emplace_back();
    member.name = std::move(name);
    skip(kBetween);
    member.name_offset = static_cast<uint32_t>(at_);
    skip_string();
    return true;
  }
  bool end_object() {
    const bool unique = sort_members(open_.back()->members);
    return close() && unique;
  }
  bool end_array() { return close(); }
  bool parse_error(size_t position, const std::string&, const Library::exception& error) {
    constexpr int kNumberOverflow = 406;
    return fail(position > 0 ? std::min(position - 1, text_.size()) : 0,
                error.id == kNumberOverflow ? "the number is out of the range of a double"
                                            : message_of(error.what()));
  }

 private:
  static constexpr std::string_view kSpace = " \t\n\r", kBetween = " \t\n\r,:";

  bool fail(size_t offset, std::string message) {
    if (failed_) return false;
    failed_ = true;
    error_ = {offset, std::move(message), {}};
    for (const Json* container : open_) {
      const bool object = container->is(Json::Kind::kObject);
      if (object ? container->members.empty() : container->items.empty()) break;
      error_.pointer += object ? pointer_step(container->members.back().name)
                               : "/" + std::to_string(container->items.size() - 1);
    }
    return false;
  }

  void skip(std::string_view characters) {
    at_ = std::min(text_.find_first_not_of(characters, at_), text_.size());
  }
  // From the quote that opens a string to behind the one that closes it.
  void skip_string() {
    for (++at_; text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    ++at_;
  }

  // A value more, whose token has that many bytes; null: there are too many.
  Json* add(Json::Kind kind, size_t token) {
    skip(kBetween);
    if (++values_ > limits_.values) {
      fail(at_, "there are more than " + std::to_string(limits_.values) + " values");
      return nullptr;
    }
    Json* const value = open_.empty() ? &root_
                        : open_.back()->is(Json::Kind::kArray)
                            ? &open_.back()->items.emplace_back()
                            : &open_.back()->members.back().value;
    value->kind = kind;
    value->offset = static_cast<uint32_t>(at_);
    at_ += token;
    return value;
  }

  bool number() {
    Json* const added = add(Json::Kind::kNumber, 0);
    if (!added) return false;
    const size_t end = std::min(text_.find_first_not_of("+-.0123456789eE", at_), text_.size());
    added->text = text_.substr(at_, end - at_);
    at_ = end;
    const size_t e = std::min(added->text.find_first_of("eE"), added->text.size());
    const size_t digits = std::min(added->text.find_first_not_of("eE+-0", e), added->text.size());
    if (added->text.size() - digits <= kJsonExponentDigits) return true;
    return fail(added->offset, "the exponent is too large");
  }

  bool open(Json::Kind kind) {
    Json* const container = add(kind, 1);
    if (!container) return false;
    if (open_.size() >= limits_.depth) {
      return fail(container->offset,
                  "arrays and objects are nested deeper than " + std::to_string(limits_.depth));
    }
    open_.push_back(container);
    return true;
  }

  bool close() {
    open_.pop_back();
    skip(kBetween);
    ++at_;
    return true;
  }

  bool sort_members(std::vector<JsonMember>& members) {
    const auto before = [](const JsonMember& a, const JsonMember& b) {
      const int order = a.name.compare(b.name);
      return order != 0 ? order < 0 : a.name_offset < b.name_offset;
    };
    if (!std::is_sorted(members.begin(), members.end(), before)) {
      std::sort(members.begin(), members.end(), before);
    }
    const auto twice = std::adjacent_find(
        members.begin(), members.end(),
        [](const JsonMember& a, const JsonMember& b) { return a.name == b.name; });
    if (twice == members.end()) return true;
    return fail((twice + 1)->name_offset,
                "the name \"" + shown_part(twice->name) + "\" occurs twice");
  }

  const std::string_view text_;
  const JsonLimits& limits_;
  Json root_;
  std::vector<Json*> open_;  // the arrays and objects around the next token
  size_t at_ = 0;            // behind the last token
  uint32_t values_ = 0;
  bool failed_ = false;
  JsonError error_;
};

// Values nest no deeper than the limit they were read with.
void write_value(const Json& value, std::string& out) {
  switch (value.kind) {
    case Json::Kind::kNull:
      out += "null";
      return;
    case Json::Kind::kBool:
      out += value.boolean ? "true" : "false";
      return;
    case Json::Kind::kNumber:
      out += value.text;
      return;
    case Json::Kind::kString:
      out += quote_json(value.text);
      return;
    case Json::Kind::kArray:
      out.push_back('[');
      for (size_t i = 0; i < value.items.size(); ++i) {
        if (i > 0) out.push_back(',');
        write_value(value.items[i], out);
      }
      out.push_back(']');
      return;
    case Json::Kind::kObject:
      out.push_back('{');
      for (size_t i = 0; i < value.members.size(); ++i) {
        if (i > 0) out.push_back(',');
        out += quote_json(value.members[i].name);
        out.push_back(':');
        write_value(value.members[i].value, out);
      }
      out.push_back('}');
      return;
  }
}

bool same_member(const JsonMember& a, const JsonMember& b) {
  return a.name == b.name && same_json(a.value, b.value);
}

}  // namespace

const Json* Json::find(std::string_view name) const {
  const auto at = std::lower_bound(
      members.begin(), members.end(), name,
      [](const JsonMember& member, std::string_view n) { return member.name < n; });
  return at != members.end() && at->name == name ? &at->value : nullptr;
}

Result<Json, JsonError> read_json(std::string_view text, const JsonLimits& limits) {
  return Builder(text, limits).read();
}

// Most strings need no escape, and the library makes a value first.
std::string quote_json(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
  });
  if (plain) return std::string(1, '"').append(text).append(1, '"');
  return Library(text).dump(-1, ' ', false, Library::error_handler_t::replace);
}

std::string write_json(const Json& value) {
  std::string out;
  write_value(value, out);
  return out;
}

bool same_json(const Json& a, const Json& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Json::Kind::kNull:
      return true;
    case Json::Kind::kBool:
      return a.boolean == b.boolean;
    case Json::Kind::kNumber:
      return a.text == b.text || compare_decimals(a.text, b.text) == 0;
    case Json::Kind::kString:
      return a.text == b.text;
    case Json::Kind::kArray:
      return std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), same_json);
    case Json::Kind::kObject:
      return std::equal(a.members.begin(), a.members.end(), b.members.begin(), b.members.end(),
                        same_member);
  }
  return false;
}

size_t json_bytes(const Json& value) {
  size_t sum = sizeof(Json) + value.text.size();
  for (const Json& item : value.items) sum += json_bytes(item);
  for (const JsonMember& member : value.members) {
    sum += sizeof(JsonMember) - sizeof(Json) + member.name.size() + json_bytes(member.value);
  }
  return sum;
}

const char* kind_name(Json::Kind kind) {
  static constexpr const char* kNames[] = {"null",     "true or false", "a number",
                                           "a string", "an array",      "an object"};
  return kNames[static_cast<size_t>(kind)];
}

TextPosition position_of(std::string_view text, size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {static_cast<size_t>(std::count(before.begin(), before.end(), '\n')) + 1,
          before.size() - line_start + 1};
}

}  // namespace cloche
