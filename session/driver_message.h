// What the host and the program that runs the cells of a session say to each other
// (docs/sessions.md). All that comes from the program may be forged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "include/cloche/cloche.hpp"

namespace cloche::session {

// Of the descriptor over which they speak.
inline constexpr int32_t kDriverLine = 3;

struct CellRequest {
  uint64_t id = 0;
  std::string name;       // "<cell 3>"
  std::string_view code;  // UTF-8
  uint64_t value_bytes = 0;
  bool has_input = false;
};
// A frame: a size of 32 bits, little-endian, then JSON.
std::string write_cell_request(const CellRequest& request);

// What the program says of a cell.
struct CellReply {
  uint64_t id = 0;
  int exit_code = 0;  // 0 to 255
  CodeValue value;
  std::string repr;
  std::vector<Display> displays;
  std::string error_type, error_message, traceback;  // empty: none
};

// How long a frame with values of that size may be.
uint64_t longest_reply(uint64_t value_bytes);

// Of what came so far: nothing while the frame is not complete, or the reply. A JSON value, or form
// of a display, that is none becomes a text, or is left out. The error says what is wrong with the
// frame, for a person.
Result<std::optional<CellReply>, std::string> read_cell_reply(std::string_view bytes,
                                                              uint64_t value_bytes);

}  // namespace cloche::session
