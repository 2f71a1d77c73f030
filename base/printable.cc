#include "base/printable.h"

#include <algorithm>
#include <cstdio>

namespace cloche {
namespace {

// How many bytes the UTF-8 character at the start of `bytes` has; 0 when it is none.
size_t utf8_length(std::string_view bytes) {
  const auto at = [bytes](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char first = at(0);
  const size_t length = first < 0x80   ? 1
                        : first < 0xc2 ? 0
                        : first < 0xe0 ? 2
                        : first < 0xf0 ? 3
                        : first < 0xf5 ? 4
                                       : 0;
  if (length == 0 || bytes.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  if (first == 0xe0 && at(1) < 0xa0) return 0;   // overlong
  if (first == 0xed && at(1) >= 0xa0) return 0;  // surrogates
  if (first == 0xf0 && at(1) < 0x90) return 0;   // overlong
  if (first == 0xf4 && at(1) >= 0x90) return 0;  // beyond U+10FFFF
  return length;
}

// C1 controls and the marks that turn the direction of text: they can make a terminal lie.
bool deceiving(std::string_view character) {
  if (character.size() == 2 && character[0] == '\xc2') {
    return static_cast<unsigned char>(character[1]) < 0xa0;
  }
  if (character.size() != 3 || character[0] != '\xe2') return false;
  const auto second = static_cast<unsigned char>(character[1]);
  const auto third = static_cast<unsigned char>(character[2]);
  return (second == 0x80 &&
          ((third >= 0x8e && third <= 0x8f) || (third >= 0xa8 && third <= 0xae))) ||
         (second == 0x81 && third >= 0xa6 && third <= 0xa9);
}

void append_escaped(std::string& out, unsigned char byte) {
  switch (byte) {
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\\':
      out += "\\\\";
      return;
    default:
      break;
  }
  char text[8];
  snprintf(text, sizeof text, "\\x%02x", byte);
  out += text;
}

}  // namespace

// include/cloche declares it, too.
[[gnu::visibility("default")]] std::string printable(std::string_view bytes) {
  if (std::all_of(bytes.begin(), bytes.end(),
                  [](char c) { return c >= ' ' && c <= '~' && c != '\\'; })) {
    return std::string(bytes);
  }
  std::string out;
  while (!bytes.empty()) {
    const size_t length = utf8_length(bytes);
    const auto first = static_cast<unsigned char>(bytes[0]);
    const bool plain = length > 1 ? !deceiving(bytes.substr(0, length))
                                  : length == 1 && first >= 0x20 && first < 0x7f && first != '\\';
    const size_t taken = length == 0 ? 1 : length;
    if (plain) {
      out += bytes.substr(0, taken);
    } else {
      for (const char byte : bytes.substr(0, taken)) {
        append_escaped(out, static_cast<unsigned char>(byte));
      }
    }
    bytes.remove_prefix(taken);
  }
  return out;
}

}  // namespace cloche
