// The user's running sandboxes, as commands see them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "cli/control/client.h"

namespace cloche::cli {

// Thread class: unsafe.
class RunningSandboxes {
 public:
  // A folder that does not exist holds no sandbox. Errors: those of RuntimeFolder::open()
  // otherwise.
  static Expected<RunningSandboxes> open();

  std::vector<std::string> names() const;
  // Of `names`, all if empty.
  std::vector<Answer> ask(const std::vector<std::string>& names, const Request& request,
                          std::chrono::milliseconds patience = kAnswerPatience);

  // Why `answer` is a failure, on stderr. Gives the exit code: kExitNotThere or kExitOwnError.
  int complain_about(const Answer& answer) const;

 private:
  explicit RunningSandboxes(std::optional<RuntimeFolder> folder) : folder_(std::move(folder)) {}
  void reopen();

  std::optional<RuntimeFolder> folder_;
};

std::optional<std::string> find_limit(const std::vector<LimitValue>& limits, std::string_view name);
// Of one that is a size; nothing when it is not set.
std::optional<uint64_t> limit_bytes(const std::vector<LimitValue>& limits, std::string_view name);

void sleep_until(std::chrono::steady_clock::time_point time);

}  // namespace cloche::cli
