// Reading a file of this machine that the user named.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "include/cloche/cloche.hpp"

namespace cloche::cli {

inline constexpr uint64_t kMaxPolicyBytes = 8ull << 20;  // as policies are read

// The whole file. Errors name it: kNotFound, kPermissionDenied, kInvalidArgument (a folder, or over
// `max_bytes`), kIo.
Expected<std::vector<uint8_t>> read_file(const std::string& path, uint64_t max_bytes);

}  // namespace cloche::cli
