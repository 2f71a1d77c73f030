#include "base/json.h"

#include <algorithm>
#include <array>
#include <charconv>
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

// Puts members in the order of their names. When two have one name it gives the later one in the
// text, else null.
const JsonMember* sort_by_name(std::vector<JsonMember>& members) {
  const auto before = [](const JsonMember& a, const JsonMember& b) {
    const int order = a.name.compare(b.name);
    return order != 0 ? order < 0 : a.name_offset < b.name_offset;
  };
  if (!std::is_sorted(members.begin(), members.end(), before)) {
    std::sort(members.begin(), members.end(), before);
  }
  const auto twice =
      std::adjacent_find(members.begin(), members.end(),
                         [](const JsonMember& a, const JsonMember& b) { return a.name == b.name; });
  return twice == members.end() ? nullptr : &*(twice + 1);
}

constexpr std::string_view kSpace = " \t\n\r";
constexpr size_t kRootMembers = 8;  // that most texts are an object of, at most

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// By byte: whether it stands for itself in a string.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain = {};
  for (size_t c = ' '; c <= '~'; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();
bool is_plain(char c) { return kPlain[static_cast<unsigned char>(c)]; }

// Reads the texts that most callers send, and gives up on all others, wrong or not: those are for
// the library. So it knows no escapes, nothing beyond ASCII, no exponents and no errors.
class PlainReader {
 public:
  PlainReader(std::string_view text, const JsonLimits& limits)
      : text_(text), values_left_(limits.values), depth_(std::min(limits.depth, kMaxDepth)) {}

  bool read(Json& root) { return read_value(root, 0) && peek() == '\0' && at_ == text_.size(); }

 private:
  static constexpr uint32_t kMaxDepth = 16;
  static constexpr size_t kMaxNumber = 20;  // bytes: far from what no double can hold

  // The next byte that is no white space, '\0' at the end; stays on it.
  char peek() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  // Whether it is the very next byte.
  bool stands(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  bool read_value(Json& value, uint32_t depth) {
    const char first = peek();
    if (values_left_ == 0) return false;
    --values_left_;
    value.offset = static_cast<uint32_t>(at_);
    switch (first) {
      case '{':
        return depth < depth_ && read_object(value, depth + 1);
      case '[':
        return depth < depth_ && read_array(value, depth + 1);
      case '"':
        value.kind = Json::Kind::kString;
        return read_string(value.text);
      case 't':
        value.boolean = true;
        return read_word("true", Json::Kind::kBool, value);
      case 'f':
        return read_word("false", Json::Kind::kBool, value);
      case 'n':
        return read_word("null", Json::Kind::kNull, value);
      default:
        return read_number(value);
    }
  }

  bool read_word(std::string_view word, Json::Kind kind, Json& value) {
    value.kind = kind;
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  bool read_string(std::string& out) {
    const size_t start = ++at_;
    while (at_ < text_.size() && is_plain(text_[at_])) ++at_;
    if (!stands('"')) return false;
    out.assign(text_, start, at_ - start);
    ++at_;
    return true;
  }

  // Digits, one at least.
  bool skip_digits() {
    const size_t start = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ > start;
  }

  bool read_number(Json& value) {
    const size_t start = at_;
    if (stands('-')) ++at_;
    const size_t first = at_;
    if (!skip_digits() || (text_[first] == '0' && at_ - first > 1)) return false;
    if (stands('.')) {
      ++at_;
      if (!skip_digits()) return false;
    }
    if (at_ - start > kMaxNumber) return false;
    if (stands('e') || stands('E')) return false;
    value.kind = Json::Kind::kNumber;
    value.text.assign(text_, start, at_ - start);
    return true;
  }

  bool read_array(Json& value, uint32_t depth) {
    value.kind = Json::Kind::kArray;
    ++at_;
    if (take(']')) return true;
    do {
      if (!read_value(value.items.emplace_back(), depth)) return false;
    } while (take(','));
    return take(']');
  }

  bool read_object(Json& value, uint32_t depth) {
    value.kind = Json::Kind::kObject;
    ++at_;
    if (take('}')) return true;
    if (depth == 1) value.members.reserve(kRootMembers);
    do {
      if (peek() != '"') return false;
      JsonMember& member = value.members.emplace_back();
      member.name_offset = static_cast<uint32_t>(at_);
      if (!read_string(member.name) || !take(':') || !read_value(member.value, depth)) return false;
    } while (take(','));
    return take('}') && sort_by_name(value.members) == nullptr;
  }

  const std::string_view text_;
  uint32_t values_left_;
  const uint32_t depth_;
  size_t at_ = 0;
};

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
  static constexpr std::string_view kBetween = " \t\n\r,:";

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
    const JsonMember* const twice = sort_by_name(members);
    if (twice == nullptr) return true;
    return fail(twice->name_offset, "the name \"" + shown_part(twice->name) + "\" occurs twice");
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

// Looks at what the library's parser reports, and keeps nothing of it.
class Checker {
 public:
  explicit Checker(uint32_t depth) : left_(depth) {}

  // --- what the parser calls; false stops it
  static bool null() { return true; }
  static bool boolean(bool) { return true; }
  static bool number_integer(int64_t) { return true; }
  static bool number_unsigned(uint64_t) { return true; }
  static bool number_float(double, const std::string&) { return true; }
  static bool string(const std::string&) { return true; }
  static bool binary(const Library::binary_t&) { return false; }
  static bool key(const std::string&) { return true; }
  bool start_object(size_t) { return open(); }
  bool start_array(size_t) { return open(); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  static bool parse_error(size_t, const std::string&, const Library::exception&) { return false; }

 private:
  bool open() { return left_-- > 0; }
  bool close() {
    ++left_;
    return true;
  }
  uint32_t left_;
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
      append_quoted_json(out, value.text);
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
        append_quoted_json(out, value.members[i].name);
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
  Json plain;
  if (text.size() <= std::min<size_t>(limits.bytes, UINT32_MAX) &&
      PlainReader(text, limits).read(plain)) {
    return plain;
  }
  return internal::read_json_by_library(text, limits);
}

Result<Json, JsonError> internal::read_json_by_library(std::string_view text,
                                                       const JsonLimits& limits) {
  return Builder(text, limits).read();
}

bool is_json_line(std::string_view text, uint32_t depth) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' '; };
  if (std::any_of(text.begin(), text.end(), is_control)) return false;
  if (text.starts_with("\xEF\xBB\xBF")) return false;
  Checker checker(depth);
  return Library::sax_parse(text.begin(), text.end(), &checker);
}

// Most strings need no escape, and the library makes a value first.
void append_quoted_json(std::string& out, std::string_view text) {
  if (std::all_of(text.begin(), text.end(), is_plain)) {
    out.push_back('"');
    out.append(text).push_back('"');
  } else {
    out += Library(text).dump(-1, ' ', false, Library::error_handler_t::replace);
  }
}

std::string quote_json(std::string_view text) {
  std::string out;
  append_quoted_json(out, text);
  return out;
}

std::string write_json(const Json& value) {
  std::string out;
  write_value(value, out);
  return out;
}

std::optional<uint64_t> whole_number(const Json& value) {
  uint64_t number = 0;
  const char* const end = value.text.data() + value.text.size();
  if (!value.is(Json::Kind::kNumber)) return std::nullopt;
  const auto parsed = std::from_chars(value.text.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
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
