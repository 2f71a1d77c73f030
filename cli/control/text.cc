#include "cli/control/text.h"

#include <locale.h>  // NOLINT(modernize-deprecated-headers): uselocale
#include <wchar.h>   // NOLINT(modernize-deprecated-headers): wcwidth

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace cloche::cli {
namespace {

struct Character {
  size_t bytes = 1;
  int width = -1;  // below 1: not to be shown
};

// The one whose UTF-8 is known to glibc whatever the user's locale is; (locale_t)0 on a system
// without it, which leaves ASCII.
locale_t utf8_locale() {
  static const locale_t kLocale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return kLocale;
}

Character next_character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return {1, first >= 0x20 && first < 0x7f ? 1 : -1};
  if (utf8_locale() == nullptr) return {1, -1};
  const locale_t before = uselocale(utf8_locale());
  wchar_t wide = 0;
  mbstate_t state{};
  const size_t size = mbrtowc(&wide, text.data(), text.size(), &state);
  const bool whole = size != static_cast<size_t>(-1) && size != static_cast<size_t>(-2) && size > 0;
  const Character character{whole ? size : 1, whole ? wcwidth(wide) : -1};
  uselocale(before);
  return character;
}

std::string format(const char* pattern, double value, const char* unit = "") {
  char text[32];
  snprintf(text, sizeof text, pattern, value, unit);
  return text;
}

std::string two_parts(int64_t high, const char* high_unit, int64_t low, const char* low_unit) {
  char text[64];
  snprintf(text, sizeof text, high < 100 ? "%lld%s%02lld%s" : "%lld%s",
           static_cast<long long>(high), high_unit, static_cast<long long>(low), low_unit);
  return text;
}

}  // namespace

Charset charset_of_environment() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* const value = getenv(name);
    if (value == nullptr || value[0] == '\0') continue;
    std::string lower(value);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    const bool utf8 =
        lower.find("utf-8") != std::string::npos || lower.find("utf8") != std::string::npos;
    return utf8 ? Charset::kUtf8 : Charset::kAscii;
  }
  return Charset::kAscii;
}

std::string displayable(std::string_view text, Charset charset) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character character = next_character(text);
    const bool shown = character.width >= 1 && (charset == Charset::kUtf8 || character.bytes == 1);
    if (shown) {
      out += text.substr(0, character.bytes);
    } else {
      out += '?';
    }
    text.remove_prefix(character.bytes);
  }
  return out;
}

size_t display_width(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    const Character character = next_character(text);
    width += static_cast<size_t>(std::max(character.width, 1));
    text.remove_prefix(character.bytes);
  }
  return width;
}

std::string fit(std::string_view text, size_t width, Align align, Charset charset) {
  std::string shown = displayable(text, charset);
  size_t columns = display_width(shown);
  if (columns > width) {
    size_t kept = 0, bytes = 0;
    while (bytes < shown.size()) {
      const Character character = next_character(std::string_view(shown).substr(bytes));
      if (kept + static_cast<size_t>(character.width) + 1 > width) break;
      kept += static_cast<size_t>(character.width);
      bytes += character.bytes;
    }
    shown.resize(bytes);
    columns = kept;
    if (columns < width) {
      shown += '+';
      ++columns;
    }
  }
  const std::string fill(width - columns, ' ');
  return align == Align::kLeft ? shown + fill : fill + shown;
}

std::string short_bytes(uint64_t bytes) {
  constexpr const char* kUnits[] = {"", "K", "M", "G", "T", "P", "E"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1023.5 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return format(unit == 0 || value >= 9.95 ? "%.0f%s" : "%.1f%s", value, kUnits[unit]);
}

std::string short_time(int64_t ns) {
  ns = std::max<int64_t>(ns, 0);
  const auto seconds = static_cast<double>(ns) / 1e9;
  if (seconds < 0.995) return format("%.2fs", seconds);
  if (seconds < 9.95) return format("%.1fs", seconds);
  const int64_t whole = ns / 1'000'000'000;
  if (whole < 60) return std::to_string(whole) + "s";
  if (whole < 3600) return two_parts(whole / 60, "m", whole % 60, "s");
  if (whole < 86'400) return two_parts(whole / 3600, "h", whole / 60 % 60, "m");
  return two_parts(whole / 86'400, "d", whole / 3600 % 24, "h");
}

std::string short_percent(double percent) {
  return format(percent < 99.95 ? "%.1f" : "%.0f", std::max(percent, 0.0));
}

double percent_of(int64_t ns, int64_t of_ns) {
  return of_ns <= 0
             ? 0
             : 100 * static_cast<double>(std::max<int64_t>(ns, 0)) / static_cast<double>(of_ns);
}

std::optional<uint64_t> bytes_of_limit(std::string_view value) {
  uint64_t number = 0;
  const char* const last = value.data() + value.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): `last` ends it
  const auto [end, error] = std::from_chars(value.data(), last, number);
  if (error != std::errc() || last - end > 1) return std::nullopt;
  constexpr std::string_view kUnits = "BKMGT";
  const size_t unit = end == last ? 0 : kUnits.find(*end);
  if (unit == std::string_view::npos || number > (UINT64_MAX >> (10 * unit))) return std::nullopt;
  return number << (10 * unit);
}

}  // namespace cloche::cli
