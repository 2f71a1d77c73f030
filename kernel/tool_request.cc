#include "kernel/tool_request.h"

#include <charconv>

namespace cloche::kernel {
namespace {

constexpr size_t kMaxName = 255;

// Takes the word before the next space off `rest`; empty when there is none.
std::string_view take_word(std::string_view& rest) {
  const size_t space = rest.find(' ');
  const std::string_view word = rest.substr(0, space);
  rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
  return word;
}

std::optional<uint64_t> parse_length(std::string_view text) {
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  if (text.size() > 1 && text[0] == '0') return std::nullopt;
  return number;
}

}  // namespace

std::optional<ToolRequestLine> parse_tool_request(std::string_view line) {
  using Verb = ToolRequestLine::Verb;
  if (line == "list") return ToolRequestLine{Verb::kList, {}, 0};
  if (line == "adopt") return ToolRequestLine{Verb::kAdopt, {}, 0};
  if (line == "revoke") return ToolRequestLine{Verb::kRevoke, {}, 0};
  const std::string_view verb = take_word(line);
  ToolRequestLine request;
  if (verb == "call") {
    request.verb = Verb::kCall;
    request.name = take_word(line);
    if (request.name.empty() || request.name.size() > kMaxName) return std::nullopt;
  } else if (verb == "narrow") {
    request.verb = Verb::kNarrow;
  } else if (verb == "run") {
    request.verb = Verb::kRun;
  } else {
    return std::nullopt;
  }
  const auto length = parse_length(line);
  if (!length) return std::nullopt;
  request.length = *length;
  return request;
}

}  // namespace cloche::kernel
