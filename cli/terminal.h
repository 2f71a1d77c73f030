// The caller's terminal while a program in the sandbox has one of its own: raw, so that every key
// goes inside, and as it was before afterwards.
#pragma once

#include <optional>

#include "include/cloche/cloche.hpp"

namespace cloche::cli {

// The size of the terminal that `fd` is; nothing if it is none.
std::optional<WindowSize> window_size(int fd);

// Makes the terminal `fd` raw until destruction. Also gives it back when a signal that nobody
// handles ends the process, and around a stop by SIGTSTP. At most one exists at a time. Does
// nothing when `fd` is no terminal.
class RawTerminal {
 public:
  explicit RawTerminal(int fd);
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  bool active_ = false;
};

}  // namespace cloche::cli
