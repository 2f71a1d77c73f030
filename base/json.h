// JSON of unknown origin, read strictly and exactly (RFC 8259), by nlohmann's parser, or by a small
// reader of ours that takes only plain texts, in less time: printable ASCII without escapes, short
// numbers without exponents.
//
// Beyond the grammar: a name twice in one object, half a surrogate pair, broken UTF-8 and a byte
// order mark are errors, since readers disagree about them; so are input, nesting and counts of
// values beyond limits. A number is kept as its text, so that nothing is rounded (base/decimal.h
// compares it); one that is larger than any double (1e999) is an error. The reader does not throw.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cloche {

struct JsonMember;

// A value; copies are deep. Building one by hand is for tests and for what the host makes itself.
class Json {
 public:
  enum class Kind : uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  bool boolean = false;
  uint32_t offset = 0;              // of the value's first byte in what was read
  std::string text;                 // of a string, as UTF-8; of a number, as it was written
  std::vector<Json> items;          // of an array
  std::vector<JsonMember> members;  // of an object, in byte order of their names, each name once

  bool is(Kind wanted) const { return kind == wanted; }
  // The member of that name, or null. Logarithmic in the number of members.
  const Json* find(std::string_view name) const;
};

struct JsonMember {
  std::string name;
  Json value;
  uint32_t name_offset = 0;
};

struct JsonLimits {
  static constexpr uint32_t kMaxDepth = 256;  // `depth` is no more than this
  size_t bytes = size_t{16} << 20;            // less than 4 GiB
  uint32_t depth = 64;                        // of arrays and objects in one another
  uint32_t values = 1u << 18;                 // each costs about 100 bytes of memory
};

struct JsonError {
  size_t offset = 0;    // where in the text
  std::string message;  // printable
  std::string pointer;  // to the value that was read, as a JSON pointer; names are cut, printable
};

// The exponent of a number has at most nine digits, leading zeros left out.
inline constexpr size_t kJsonExponentDigits = 9;

// Linear time. Fails when `text` is not exactly one value, with white space around it at most.
Result<Json, JsonError> read_json(std::string_view text, const JsonLimits& limits = {});

// Whether `text` is one value as read_json() takes it, but on one line without control characters,
// with names that may occur twice, of any number of values. Linear time; keeps nothing.
bool is_json_line(std::string_view text, uint32_t depth);

// A string as JSON. What is not UTF-8 becomes U+FFFD.
std::string quote_json(std::string_view text);
void append_quoted_json(std::string& out, std::string_view text);

// The value on one line without spaces, members in byte order of their names, numbers as they were
// written: the same text for the same value, for hashing.
std::string write_json(const Json& value);

// A number without sign, point and exponent that fits; nothing for all else.
std::optional<uint64_t> whole_number(const Json& value);

// The same value: numbers by what they mean (1 and 1.0), objects whatever the order.
bool same_json(const Json& a, const Json& b);

// Memory that the value holds, about: text and parts, itself counted.
size_t json_bytes(const Json& value);

// "null", "a number", … for messages.
const char* kind_name(Json::Kind kind);

namespace internal {
// As read_json(), by the library alone; the two give the same for any text.
Result<Json, JsonError> read_json_by_library(std::string_view text, const JsonLimits& limits);
}  // namespace internal

struct TextPosition {
  size_t line = 1;
  size_t column = 1;  // in bytes
};
// Both count from one. An offset beyond the end means the end. Linear in `offset`.
TextPosition position_of(std::string_view text, size_t offset);

}  // namespace cloche
