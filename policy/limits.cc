#include "policy/limits.h"

#include <algorithm>

#include "cap/caveats/grant.h"

namespace cloche::policy {
namespace {

constexpr uint64_t kYear = uint64_t{365} * 24 * 3600 * 1'000'000'000;
constexpr uint64_t kMaxSize = uint64_t{1} << 50;
constexpr uint32_t kMaxCore = 1023;

// Takes the digits at the front off; nothing when there are none, or more than `most`.
std::optional<uint64_t> take_digits(std::string_view& text, size_t most) {
  const size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
  if (count == 0 || count > most) return std::nullopt;
  uint64_t value = 0;
  for (const char c : text.substr(0, count)) value = value * 10 + static_cast<uint64_t>(c - '0');
  text.remove_prefix(count);
  return value;
}

constexpr size_t kMaxDigits = 15;

std::optional<uint64_t> parse_count(std::string_view text) {
  const auto value = take_digits(text, kMaxDigits);
  return text.empty() ? value : std::nullopt;
}

std::optional<uint64_t> parse_size(std::string_view text) {
  const auto value = take_digits(text, kMaxDigits);
  if (!value || text.size() > 1) return std::nullopt;
  const size_t unit = text.empty() ? 0 : std::string_view("BKMG").find(text[0]);
  if (unit == std::string_view::npos) return std::nullopt;
  const uint64_t factor = uint64_t{1} << (10 * unit);
  return *value > kMaxSize / factor ? std::nullopt : std::optional(*value * factor);
}

std::optional<uint64_t> parse_cores(std::string_view text) {
  const auto whole = take_digits(text, 4);
  if (!whole) return std::nullopt;
  if (text.empty()) return *whole * 1000;
  text.remove_prefix(1);
  const size_t decimals = text.size();
  auto part = take_digits(text, 3);
  if (!part || !text.empty()) return std::nullopt;
  for (size_t i = decimals; i < 3; ++i) *part *= 10;
  return *whole * 1000 + *part;
}

bool parse_cpu_list(std::string_view text, Limit& out) {
  for (;;) {
    const auto first = take_digits(text, 4);
    if (!first) return false;
    std::optional<uint64_t> last = first;
    if (text.starts_with('-')) {
      text.remove_prefix(1);
      last = take_digits(text, 4);
    }
    if (!last || *last < *first || *last > kMaxCore) return false;
    out.cores.emplace_back(static_cast<uint32_t>(*first), static_cast<uint32_t>(*last));
    if (text.empty()) return true;
    if (!text.starts_with(',')) return false;
    text.remove_prefix(1);
  }
}

// A string's text, or that of a number where one is allowed.
const std::string* text_of(const Json& value, bool number) {
  const bool fits = value.is(Json::Kind::kString) || (number && value.is(Json::Kind::kNumber));
  return fits ? &value.text : nullptr;
}

std::optional<uint64_t> parse_choice(std::string_view text, const LimitRow& row) {
  const auto found = std::find(row.choices.begin(), row.choices.end(), text);
  if (found == row.choices.end()) return std::nullopt;
  return static_cast<uint64_t>(found - row.choices.begin());
}

std::optional<uint64_t> parse_value(const LimitRow& row, const Json& value, Limit& out) {
  const LimitKind kind = row.kind;
  const bool number =
      kind == LimitKind::kSize || kind == LimitKind::kCount || kind == LimitKind::kCores;
  const std::string* const text = text_of(value, number);
  if (!text) return std::nullopt;
  switch (kind) {
    case LimitKind::kDuration: {
      const auto ns = cap::parse_duration(*text);
      return ns ? std::optional(static_cast<uint64_t>(*ns)) : std::nullopt;
    }
    case LimitKind::kSize:
      return parse_size(*text);
    case LimitKind::kCount:
      return value.is(Json::Kind::kNumber) ? parse_count(*text) : std::nullopt;
    case LimitKind::kCores:
      // A point after the whole part; take_digits() stops at anything else, too.
      return text->find_first_not_of("0123456789.") == std::string::npos ? parse_cores(*text)
                                                                         : std::nullopt;
    case LimitKind::kCpuList:
      return parse_cpu_list(*text, out) ? std::optional<uint64_t>(0) : std::nullopt;
    case LimitKind::kChoice:
      return parse_choice(*text, row);
  }
  return std::nullopt;
}

}  // namespace

const std::vector<LimitRow>& limit_rows() {
  static const std::vector<LimitRow> kRows = {
      {"wall.time", LimitKind::kDuration, 1, kYear, "wall-clock time of a run"},
      {"cpu.time", LimitKind::kDuration, 1, kYear, "CPU time of a run"},
      {"cpu.weight", LimitKind::kCount, 1, 10'000, "share of busy cores (100 is usual)"},
      {"cpu.max", LimitKind::kCores, 1, 1'024'000, "cores at a time"},
      {"cpuset", LimitKind::kCpuList, 0, 0, "cores it may run on"},
      {"memory.max", LimitKind::kSize, 1, kMaxSize, "memory of all processes"},
      {"memory.high", LimitKind::kSize, 1, kMaxSize, "memory beyond which it is slowed down"},
      {"pids.max", LimitKind::kCount, 1, 1'000'000, "processes and threads"},
      {"forks.rate", LimitKind::kCount, 1, 1'000'000'000, "new processes and threads a second"},
      {"disk.max", LimitKind::kSize, 1, kMaxSize, "bytes in files kept in memory"},
      {"inodes.max", LimitKind::kCount, 1, 1'000'000'000, "files kept in memory"},
      {"file.max", LimitKind::kSize, 1, kMaxSize, "bytes of one file"},
      {"open_files.max", LimitKind::kCount, 1, 65'536, "open files of a process"},
      {"timers.max", LimitKind::kCount, 1, 1'000'000, "timers of all processes"},
      {"watches.max", LimitKind::kCount, 1, 1'000'000, "what epoll and inotify watch"},
      {"pipe.max", LimitKind::kSize, 1, uint64_t{1} << 20, "bytes that one pipe holds"},
      {"arguments.max", LimitKind::kSize, 1, uint64_t{64} << 20,
       "bytes of a program's arguments and variables"},
      {"module.max", LimitKind::kSize, 1, uint64_t{1} << 30, "bytes of a program"},
      {"compile.time", LimitKind::kDuration, 1, kYear, "time to compile programs"},
      {"tools.calls", LimitKind::kCount, 1, 1'000'000'000, "attempts to call tools in a run"},
      {"tools.bytes", LimitKind::kSize, 1, kMaxSize, "bytes that the tool calls of a run carry"},
      {"tools.time", LimitKind::kDuration, 1, kYear, "time of a tool call"},
      {"output.max", LimitKind::kSize, 1, kMaxSize, "output of a run"},
      {"output.over",
       LimitKind::kChoice,
       0,
       1,
       "what happens to a run that writes more",
       {"kill", "truncate"}},
  };
  return kRows;
}

std::optional<Limit> parse_limit(const LimitRow& row, const Json& value) {
  Limit limit;
  const auto number = parse_value(row, value, limit);
  if (!number || *number < row.least || *number > row.most) return std::nullopt;
  limit.row = &row;
  limit.value = *number;
  limit.text = value.text;
  return limit;
}

std::string expected(const LimitRow& row) {
  switch (row.kind) {
    case LimitKind::kDuration:
      return "a time above zero like \"5s\": a whole number and ns, us, ms, s, m or h";
    case LimitKind::kSize:
      return "a size above zero like \"256M\": a whole number and B, K, M or G";
    case LimitKind::kCount:
      return "a whole number from " + std::to_string(row.least) + " to " + std::to_string(row.most);
    case LimitKind::kCores:
      return "a number of cores above zero like \"0.5\", with three decimals at most";
    case LimitKind::kCpuList:
      return "a list of cores like \"0-1,4\"";
    case LimitKind::kChoice: {
      std::string words;
      for (const std::string_view choice : row.choices) {
        words += (words.empty() ? "\"" : " or \"") + std::string(choice) + "\"";
      }
      return words;
    }
  }
  return {};
}

}  // namespace cloche::policy
