// Reads an audit log again and tells whether it is whole.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace cloche::audit {

struct Verdict {
  // No line that was found is changed, missing or in another place, and none is missing in front
  // but those that the log says it deleted.
  bool whole = false;
  std::string problem;           // why it is not, with file and line; printable
  uint64_t first = 0, last = 0;  // sequence numbers; 0: none
  // The last line is `audit.end`. If it is not, the log is still being written, its writer died, or
  // lines were cut off its end: only the hash of its last line, kept elsewhere, can tell.
  bool ended = false;
  std::string head;  // hash of the last line
};

// Reads the log at `path` and what was set aside of it. Linear in time, constant in memory.
// Errors: kNotFound, kPermissionDenied, kIo; kInvalidArgument (not a regular file).
Result<Verdict> verify_log(const std::string& path);

}  // namespace cloche::audit
