// Asks running sandboxes.
#pragma once

#include <chrono>
#include <functional>
#include <utility>

#include "cli/control/runtime_folder.h"
#include "cli/control/wire.h"

namespace cloche::cli {

inline constexpr std::chrono::milliseconds kAnswerPatience{2000};

struct Answer {
  std::string name;
  int pid = 0;         // of the process that listens; 0: there was none
  bool ended = false;  // while it was asked
  Expected<Reply> reply;
};

// The report of an answer to kShow; null when there is none.
const Report* report_of(const Answer& answer);

// A request after which a sandbox may end before it has answered: that it ended means that it
// heard.
bool may_end(const Request& request);

// Sends `request` to all of `names` at once and gives their answers in the same order, within
// `patience` altogether. Errors of an answer: those of connect(), kIo (no answer in time, or none
// at all), those of decode_reply(), and the one that the sandbox gave. A sandbox that ends while it
// is asked is kNotFound.
std::vector<Answer> ask(RuntimeFolder& folder, const std::vector<std::string>& names,
                        const Request& request,
                        std::chrono::milliseconds patience = kAnswerPatience);

}  // namespace cloche::cli
