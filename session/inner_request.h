// What a guest asks for when it starts a sandbox inside its own (docs/sub-sandboxes.md): JSON of
// unknown origin.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "include/cloche/cloche.hpp"

namespace cloche::session {

struct InnerRequest {
  SandboxOptions options;  // host paths are of the sandbox around it
  std::vector<std::string> argv;
  std::array<std::optional<int32_t>, 3> streams;  // descriptors of the caller; nothing: none
};

// The error says what is wrong, printable. Unknown keys are errors.
Result<InnerRequest, std::string> read_inner_request(std::string_view text);

}  // namespace cloche::session
