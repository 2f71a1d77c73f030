// The limits that a policy may set, by name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"

namespace cloche::policy {

enum class LimitKind : uint8_t {
  kDuration,  // "5s": a whole number and ns, us, ms, s, m or h; in ns
  kSize,      // "256M": a whole number, or one and B, K, M or G (powers of 1024); in bytes
  kCount,     // 64
  kCores,     // "0.5": cores of the host, three decimals at most; in thousandths of a core
  kCpuList,   // "0-1,4": cores of the host by number
  kChoice,    // one of the row's words; its number
};

// A row of the table of limits.
struct LimitRow {
  std::string_view name;  // as in cgroup v2 where there is one
  LimitKind kind;
  uint64_t least, most;  // of the value
  const char* words;     // "CPU time of a run"
  std::vector<std::string_view> choices = {};
};
const std::vector<LimitRow>& limit_rows();

struct Limit {
  const LimitRow* row = nullptr;
  uint64_t value = 0;                                // in the unit of the kind
  std::vector<std::pair<uint32_t, uint32_t>> cores;  // kCpuList: first and last of each range
  std::string text;                                  // as in the policy
};

// The limit that `value` sets; nothing when it is not of the row's kind or out of its range.
std::optional<Limit> parse_limit(const LimitRow& row, const Json& value);
// What would be right: "a time like \"5s\": a whole number and ns, us, ms, s, m or h".
std::string expected(const LimitRow& row);

}  // namespace cloche::policy
