#include "cli/control/target.h"

#include <algorithm>

namespace cloche::cli {
namespace {

std::optional<std::string> value_of(const std::vector<LimitValue>& limits,
                                    const std::string& name) {
  const auto found = std::find_if(limits.begin(), limits.end(),
                                  [&name](const LimitValue& limit) { return limit.name == name; });
  if (found == limits.end()) return std::nullopt;
  return found->value;
}

Reply set_limits(const std::vector<LimitValue>& wanted, ControlTarget& target) {
  const std::vector<LimitValue> before = target.limits();
  Reply reply;
  for (size_t i = 0; i < wanted.size(); ++i) {
    reply.failure = target.set_limit(wanted[i].name, wanted[i].value);
    if (!reply.failure) continue;
    reply.changed = i;
    while (i-- > 0) {
      const auto value = value_of(before, wanted[i].name);
      if (value && !target.set_limit(wanted[i].name, *value)) --reply.changed;
    }
    return reply;
  }
  reply.changed = wanted.size();
  return reply;
}

Reply show(ControlTarget& target, const Identity& identity) {
  const auto age = std::chrono::steady_clock::now() - identity.since;
  return Reply{.report = Report{.name = identity.name,
                                .command = identity.command,
                                .pid = identity.pid,
                                .age_ns = std::chrono::nanoseconds(age).count(),
                                .stats = target.stats(),
                                .limits = target.limits()}};
}

}  // namespace

Reply answer(const Request& request, ControlTarget& target, const Identity& identity) {
  switch (request.what) {
    case Request::Do::kShow:
      return show(target, identity);
    case Request::Do::kKill:
      target.kill();
      return {};
    case Request::Do::kSignal:
      if (request.pid > 0)
        return Reply{.failure = target.signal_process(request.pid, request.signal)};
      target.signal(request.signal);
      return {};
    case Request::Do::kSetLimits:
      return set_limits(request.limits, target);
    case Request::Do::kPause:
      target.pause();
      return {};
    case Request::Do::kResume:
      target.resume();
      return {};
    case Request::Do::kNice:
      return Reply{.failure = target.set_nice(request.pid, request.nice)};
  }
  return {};
}

}  // namespace cloche::cli
