// Text for a terminal: what may be shown, how wide it is, and amounts for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cloche::cli {

// What a terminal can show.
enum class Charset : uint8_t { kAscii, kUtf8 };

// By LC_ALL, LC_CTYPE and LANG.
Charset charset_of_environment();

// Each character that is not printable or takes no column (control characters, broken UTF-8,
// combining marks, marks that turn the direction of text), and for kAscii all beyond ASCII, becomes
// '?'. Doing it twice changes nothing.
std::string displayable(std::string_view text, Charset charset = Charset::kUtf8);

// Columns of displayable text.
size_t display_width(std::string_view text);

// displayable(), then exactly `width` columns: cut, with '+' as the last column, or filled up with
// spaces on the right or the left.
enum class Align : uint8_t { kLeft, kRight };
std::string fit(std::string_view text, size_t width, Align align = Align::kLeft,
                Charset charset = Charset::kUtf8);

// In at most 5 columns: "0", "999", "1.5K", "12M", "1023G".
std::string short_bytes(uint64_t bytes);
// In at most 6 columns: "0.05s", "1.5s", "59s", "1m30s", "23h59m", "12d03h".
std::string short_time(int64_t ns);
// "0.0", "12.5", "100", "1600".
std::string short_percent(double percent);

// The share of `ns` in `of_ns`, in percent; 0 when there is no time.
double percent_of(int64_t ns, int64_t of_ns);

// Bytes of a limit as a policy writes it ("256M", "1024"); nothing for "none" or another thing.
std::optional<uint64_t> bytes_of_limit(std::string_view value);

}  // namespace cloche::cli
