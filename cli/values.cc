#include "cli/values.h"

#include <charconv>
#include <cstdio>
#include <optional>

namespace cloche::cli {
namespace {

using std::chrono::nanoseconds;

constexpr double kNanosecondsMax = 10.0 * 366 * 24 * 3600 * 1e9;

Failure invalid(std::string message) {
  return Failure{Failure::Kind::kInvalidArgument, std::move(message)};
}

struct DurationUnit {
  std::string_view name;
  double nanoseconds;
};
// Longer names first, so that "ms" is not read as "m".
constexpr DurationUnit kDurationUnits[] = {{"ns", 1},  {"us", 1e3}, {"ms", 1e6},
                                           {"s", 1e9}, {"m", 6e10}, {"h", 3.6e12}};

std::optional<double> take_unit(std::string_view& rest) {
  for (const DurationUnit& unit : kDurationUnits) {
    if (rest.starts_with(unit.name)) {
      rest.remove_prefix(unit.name.size());
      return unit.nanoseconds;
    }
  }
  return std::nullopt;
}

// A decimal number without sign or exponent at the front of `rest`.
std::optional<double> take_decimal(std::string_view& rest) {
  const size_t size = rest.find_first_not_of("0123456789.");
  const std::string_view digits = rest.substr(0, size);
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value,
                                            std::chars_format::fixed);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  rest.remove_prefix(digits.size());
  return value;
}

}  // namespace

Expected<nanoseconds> parse_duration(std::string_view text) {
  if (text == "0") return nanoseconds(0);
  const auto wrong = [text](const char* why) {
    return invalid("'" + printable(text) + "' is not a duration: " + why +
                   " (like 30s, 250ms or 1m30s; units ns, us, ms, s, m, h; 0 for none)");
  };
  if (text.empty()) return wrong("it is empty");
  std::string_view rest = text;
  double total = 0;
  while (!rest.empty()) {
    const std::optional<double> number = take_decimal(rest);
    if (!number) return wrong("a number was expected");
    const std::optional<double> unit = take_unit(rest);
    if (!unit) return wrong(rest.empty() ? "the unit is missing" : "the unit is unknown");
    total += *number * *unit;
  }
  if (total > kNanosecondsMax) return wrong("it is longer than ten years");
  const auto result = nanoseconds(static_cast<int64_t>(total));
  if (result.count() == 0) return wrong("it is shorter than a nanosecond");
  return result;
}

Expected<nanoseconds> parse_resolution(std::string_view text) {
  auto value = parse_duration(text);
  if (value && (value->count() == 0 || *value > std::chrono::seconds(1))) {
    return invalid("'" + printable(text) +
                   "' is not a clock resolution: it must be from 1ns to 1s");
  }
  return value;
}

Expected<uint64_t> parse_size(std::string_view text) {
  const auto wrong = [text](const char* why) {
    return invalid("'" + printable(text) + "' is not a size: " + why +
                   " (like 512M; units B, K, M, G, each 1024 times the one before)");
  };
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range) return wrong("it is too large");
  if (error != std::errc()) return wrong("a whole number was expected");
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  unsigned shift = 0;
  if (unit == "K" || unit == "k") {
    shift = 10;
  } else if (unit == "M" || unit == "m") {
    shift = 20;
  } else if (unit == "G" || unit == "g") {
    shift = 30;
  } else if (!unit.empty() && unit != "B" && unit != "b") {
    return wrong("the unit is unknown");
  }
  if (number > (uint64_t{INT64_MAX} >> shift)) return wrong("it is too large");
  if (number == 0) return wrong("zero is not a limit");
  return number << shift;
}

Expected<uint64_t> parse_count(std::string_view text, uint64_t low, uint64_t high) {
  uint64_t number = 0;
  const char* const last = text.data() + text.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): `last` ends it
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc() || end != last || number < low || number > high) {
    return invalid("'" + printable(text) + "' is not a whole number from " + std::to_string(low) +
                   " to " + std::to_string(high));
  }
  return number;
}

Expected<int> parse_nice(std::string_view text) {
  constexpr int kLow = -20, kHigh = 19;
  int number = 0;
  const std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
  const char* const last = digits.data() + digits.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): `last` ends it
  const auto [end, error] = std::from_chars(digits.data(), last, number);
  if (error != std::errc() || end != last || number < kLow || number > kHigh) {
    return invalid("'" + printable(text) + "' is not a whole number from -20 to 19");
  }
  return number;
}

Expected<Mount> parse_mount(std::string_view text) {
  const auto wrong = [text](const char* why) {
    return invalid("mount '" + printable(text) + "': " + why + " (HOST:GUEST[:ro|rw|cow])");
  };
  Mount mount;
  size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong("there is no colon");
  std::string_view last = text.substr(colon + 1);
  if (!last.starts_with('/')) {
    if (last == "ro") {
      mount.mode = MountMode::kReadOnly;
    } else if (last == "rw") {
      mount.mode = MountMode::kReadWrite;
    } else if (last == "cow") {
      mount.mode = MountMode::kCopyOnWrite;
    } else if (text.find(':') == colon) {
      return wrong("the guest's path must be absolute");
    } else {
      return wrong("the mode must be ro, rw or cow, and the guest's path absolute");
    }
    text = text.substr(0, colon);
    colon = text.rfind(':');
    if (colon == std::string_view::npos) return wrong("the guest's path is missing");
    last = text.substr(colon + 1);
  }
  if (!last.starts_with('/')) return wrong("the guest's path must be absolute");
  if (colon == 0) return wrong("the host's path is missing");
  mount.host = text.substr(0, colon);
  mount.guest = last;
  return mount;
}

Expected<std::pair<std::string, std::string>> parse_assignment(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    return invalid("'" + printable(text) +
                   "' has no '=': give NAME=VALUE (nothing is taken over from this environment)");
  }
  const std::string_view name = text.substr(0, equals);
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
  if (name.empty() || name.find_first_not_of(kLetters) != std::string_view::npos ||
      (name[0] >= '0' && name[0] <= '9')) {
    return invalid("'" + printable(name) +
                   "' cannot name a variable: letters, digits and '_', no digit first");
  }
  return std::pair(std::string(name), std::string(text.substr(equals + 1)));
}

Expected<Tool> parse_tool(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size()) {
    return invalid("'" + printable(text) + "' is not NAME=COMMAND");
  }
  Tool tool;
  tool.name = text.substr(0, equals);
  tool.command = text.substr(equals + 1);
  return tool;
}

}  // namespace cloche::cli
