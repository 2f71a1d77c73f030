#include "tools/stub_text.h"

#include <algorithm>
#include <cstdio>

#include "base/printable.h"

namespace cloche::tools {
namespace {

// The number of the first character, which is of valid UTF-8, and how many bytes it has.
std::pair<uint32_t, size_t> first_character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (length == 1 || text.size() < length) return {first, 1};
  uint32_t number = first & (0xffu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    number = number << 6 | (static_cast<unsigned char>(text[i]) & 0x3f);
  }
  return {number, length};
}

}  // namespace

std::string stub_literal(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const auto [number, length] = first_character(text);
    const std::string_view character = text.substr(0, length);
    if (number == '"') {
      out += "\\\"";
    } else if (printable(character) == character) {
      out += character;
    } else {
      // What is not printable has a number below 0x10000.
      char escaped[8];
      snprintf(escaped, sizeof escaped, "\\u%04x", number & 0xffff);
      out += escaped;
    }
    text.remove_prefix(length);
  }
  return out + "\"";
}

std::string stub_literal(const Json& value) {
  if (value.is(Json::Kind::kString)) return stub_literal(value.text);
  if (value.is(Json::Kind::kBool)) return value.boolean ? "true" : "false";
  return value.text;
}

bool is_plain_identifier(std::string_view name) {
  if (name.empty() || name.starts_with("__") || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::vector<std::string> printable_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const size_t last = line.find_last_not_of(" \t\r");
    line = line.substr(0, last == std::string_view::npos ? 0 : last + 1);
    if (!lines.empty() || !line.empty()) lines.push_back(printable(line));
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

std::vector<std::string> about_tool(const StubTool& tool, WithFields with_fields) {
  std::vector<std::string> lines = printable_lines(tool.description), details;
  if (with_fields == WithFields::kYes) {
    for (const StubField& field : tool.parameters.fields) {
      if (field.description.empty()) continue;
      details.push_back(printable(field.name) + ": " + printable(field.description));
    }
  }
  for (const std::string& condition : tool.conditions) {
    details.push_back("Allowed: " + printable(condition));
  }
  if (!lines.empty() && !details.empty()) lines.emplace_back();
  lines.insert(lines.end(), details.begin(), details.end());
  return lines;
}

}  // namespace cloche::tools
