// Whoever does the work of a tool.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

namespace cloche::tools {

// How a call ended. `result` is one JSON value. `message` may be shown to the guest; `detail` goes
// to the audit log only: the text of an exception, what a command wrote on its standard error.
struct Outcome {
  enum class Kind : uint8_t { kResult, kError } kind = Kind::kError;
  std::string result, message, detail;

  static Outcome of(std::string result) { return {Kind::kResult, std::move(result), {}, {}}; }
  static Outcome error(std::string message, std::string detail = {}) {
    return {Kind::kError, {}, std::move(message), std::move(detail)};
  }
};

// One call, as its handler sees it. Lives until the handler returns.
struct Invocation {
  std::string_view tool;          // the canonical name
  const std::string& parameters;  // a JSON object, checked
  std::chrono::steady_clock::time_point deadline;
  // Nobody waits for the answer any more: the guest gave up, the capability was revoked, the
  // deadline has passed. A handler that can stop early should look.
  const std::atomic<bool>& cancelled;
};

// Thread class: handle() runs on threads of an Executor, for several calls at a time. It may block;
// it never runs on the thread of a sandbox.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual Outcome handle(const Invocation& call) noexcept = 0;
  // This process may be about to end: what cancelled calls have started outside of it, and have not
  // noticed yet, ends now. Any thread calls it.
  virtual void end_cancelled() noexcept {}
};

}  // namespace cloche::tools
