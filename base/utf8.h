// UTF-8, strictly: no overlong forms, no surrogates, nothing beyond U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cloche {

// Bytes of the code point that `bytes` begins with; 0 when it begins with none.
size_t utf8_sequence(std::string_view bytes);

bool is_utf8(std::string_view bytes);

// Code points in `text`, which is valid UTF-8.
size_t utf8_length(std::string_view text);

// `point` is a code point and no surrogate.
void append_utf8(std::string& out, uint32_t point);

}  // namespace cloche
