#include "cli/running.h"

#include <cerrno>
#include <ctime>

#include "cli/commands.h"
#include "cli/control/text.h"
#include "cli/exit_codes.h"

namespace cloche::cli {

Expected<RunningSandboxes> RunningSandboxes::open() {
  auto folder = RuntimeFolder::open(runtime_folder_path(), RuntimeFolder::Make::kNo);
  if (folder) return RunningSandboxes(std::move(*folder));
  if (folder.error().kind == Failure::Kind::kNotFound) return RunningSandboxes(std::nullopt);
  return folder.error();
}

// The first sandbox makes the folder.
void RunningSandboxes::reopen() {
  auto folder = RuntimeFolder::open(runtime_folder_path(), RuntimeFolder::Make::kNo);
  if (folder) folder_ = std::move(*folder);
}

std::vector<std::string> RunningSandboxes::names() const {
  return folder_ ? folder_->names() : std::vector<std::string>();
}

std::vector<Answer> RunningSandboxes::ask(const std::vector<std::string>& names,
                                          const Request& request,
                                          std::chrono::milliseconds patience) {
  if (!folder_) reopen();
  if (folder_) {
    return cli::ask(*folder_, names.empty() ? folder_->names() : names, request, patience);
  }
  std::vector<Answer> nobody;
  nobody.reserve(names.size());
  for (const std::string& name : names) {
    nobody.push_back({name, 0, false,
                      Failure{Failure::Kind::kNotFound,
                              "there is no running sandbox '" + printable(name) + "'"}});
  }
  return nobody;
}

int RunningSandboxes::complain_about(const Answer& answer) const {
  if (answer.reply) return complain(answer.name + ": its answer lacks what was asked for");
  const Failure& failure = answer.reply.error();
  if (failure.kind != Failure::Kind::kNotFound) return complain(failure.message);
  std::string hint;
  if (answer.pid == 0) {
    for (const std::string& name : names()) hint += (hint.empty() ? "" : ", ") + name;
    hint = hint.empty() ? "; there is none" : "; there are: " + hint;
  }
  complain(failure.message + hint);
  return kExitNotThere;
}

std::optional<std::string> find_limit(const std::vector<LimitValue>& limits,
                                      std::string_view name) {
  for (const LimitValue& limit : limits) {
    if (limit.name == name) return limit.value;
  }
  return std::nullopt;
}

std::optional<uint64_t> limit_bytes(const std::vector<LimitValue>& limits, std::string_view name) {
  const auto value = find_limit(limits, name);
  return value ? bytes_of_limit(*value) : std::nullopt;
}

void sleep_until(std::chrono::steady_clock::time_point time) {
  const auto ns =
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
  const timespec until{ns / 1'000'000'000, ns % 1'000'000'000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

}  // namespace cloche::cli
