// The first line of a request on /dev/tool.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cloche::kernel {

struct ToolRequestLine {
  enum class Verb : uint8_t { kCall, kList, kNarrow, kAdopt, kRevoke, kRun };
  Verb verb = Verb::kList;
  std::string name;     // kCall: any bytes but space and newline, 1 to 255; not checked further
  uint64_t length = 0;  // kCall, kNarrow, kRun: bytes that follow
};

inline constexpr size_t kMaxToolRequestLine = 300;  // bytes, with the newline

// `line` is without its newline. Words are separated by one space; numbers are decimal without
// leading zeros. Nothing for all else.
std::optional<ToolRequestLine> parse_tool_request(std::string_view line);

}  // namespace cloche::kernel
