// How the lines of an audit log hang together (docs/audit.md).
//
// A line is one JSON object. Its last two members are `prev`, the hash of the line before, and
// `hash`, the SHA-256 of the line's own bytes before `,"hash":`. So no line can be changed, left
// out or moved without changing all that follow.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cloche::audit {

// What the first line names as the hash of the line before it: 64 zeros.
std::string first_hash();

// The hash, in hexadecimal, of a line that begins with `body` (up to where `,"hash":` would stand).
std::string hash_of(std::string_view body);
void append_hash_of(std::string& out, std::string_view body);  // `body` may be of `out`

// What a reader needs of one line.
struct Link {
  uint64_t sequence = 0;
  std::string event, prev, hash;
  uint64_t oldest = 0;  // of audit.rotate: the sequence number of the oldest line that is kept
};

// Reads one line, without its newline. Errors: kMalformed, for a line that is no record or whose
// hash is not that of its bytes; the message says which.
Result<Link> read_link(std::string_view line);

}  // namespace cloche::audit
