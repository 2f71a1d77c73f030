// Where the command finds the guest's programs on this machine.
#pragma once

#include <string>

#include "include/cloche/cloche.hpp"

namespace cloche::cli {

// `option` if not empty, else where the installation has them. The file need not exist.
inline std::string pack_path(const std::string& option) {
  return option.empty() ? default_pack() : option;
}

}  // namespace cloche::cli
