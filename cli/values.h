// The values of options: durations, sizes, counts, mounts, NAME=VALUE. Pure functions; every error
// says what was wrong and what would be right.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "include/cloche/cloche.hpp"

namespace cloche::cli {

// "1.5s", "250ms", "1m30s"; units ns, us, ms, s, m, h. "0" alone means none. At most 10 years.
Expected<std::chrono::nanoseconds> parse_duration(std::string_view text);

// The same, from 1ns to 1s.
Expected<std::chrono::nanoseconds> parse_resolution(std::string_view text);

// "512M": bytes, or with a unit B, K, M, G (powers of 1024, also in lower case). At least 1.
Expected<uint64_t> parse_size(std::string_view text);

// A whole number from `low` to `high`.
Expected<uint64_t> parse_count(std::string_view text, uint64_t low, uint64_t high);
// -20 to 19, with or without a sign.
Expected<int> parse_nice(std::string_view text);

// "HOST:GUEST[:ro|rw|cow]". The last colons count, so HOST may hold colons and GUEST may not.
Expected<Mount> parse_mount(std::string_view text);

// "NAME=VALUE" with a NAME that shells accept.
Expected<std::pair<std::string, std::string>> parse_assignment(std::string_view text);

// "NAME=COMMAND": a tool that is a command of the host. The name is checked where it is registered.
Expected<Tool> parse_tool(std::string_view text);

}  // namespace cloche::cli
