// What stands behind /dev/tool: whoever decides about the tool calls of guests and makes them. The
// kernel carries the bytes and knows no rule; the broker above it (tools/broker.h) implements this.
//
// Thread class: all of it belongs to the thread that runs the kernel.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ref.h"
#include "base/result.h"
#include "kernel/wait_queue.h"

namespace cloche::kernel {

class Process;

// What a process may do beyond the kernel's own services. Opaque here. A process without one may
// call nothing. fork and exec keep it; only the process itself exchanges its own for less.
class Authority : public RefCounted {};

// Who calls, for the record.
struct ToolCaller {
  std::vector<int32_t> pids;  // the process, its parent, and so on
  std::string program;        // its executable, as a path of the guest
  std::string sandbox = {};   // which one it is in; empty: the outermost
  uint32_t job = 0;           // what the process was started for (StartOptions)
};

struct ToolAnswer {
  enum class Status : uint8_t {
    kOk,      // `body` is the result, JSON
    kDenied,  // `body` says why, for a person; nothing was called
    kFailed,  // it was called and did not work; `body` says what the guest may know of it
  };
  Status status = Status::kFailed;
  std::string body;
};

// A call under way, or a sandbox. Whoever drops it before the answer gives the call up.
class ToolCall : public RefCounted {
 public:
  bool answered() const { return answer_.has_value(); }
  ToolAnswer take_answer() { return std::move(*answer_); }  // once, when answered
  WaitQueue& queue() { return queue_; }
  // Once. Wakes who waits for it.
  void set_answer(ToolAnswer answer) {
    CHECK(!answer_);
    answer_ = std::move(answer);
    queue_.wake();
  }

 private:
  std::optional<ToolAnswer> answer_;
  WaitQueue queue_;
};

// How a guest is told of its tools.
enum class ToolText : uint8_t {
  kWords,       // for people and models
  kPython,      // typed stubs (tools/stubs.h)
  kTypeScript,  // declarations
};

class ToolGate {
 public:
  virtual ~ToolGate() = default;
  // Never blocks, never gives null; the call may be answered already. Both strings are the guest's.
  virtual Ref<ToolCall> call(Authority& authority, const ToolCaller& caller, std::string name,
                             std::string parameters) = 0;
  // The tools that may be called with it, as JSON, and as a text.
  virtual std::string list(const Authority& authority) = 0;
  virtual std::string describe(const Authority& authority, ToolText form) = 0;
  // Less of the same: `grants` is JSON of the guest's, as the "tools" of a policy. The error says
  // what is wrong with it.
  virtual Result<Ref<Authority>, std::string> narrow(Authority& authority, const ToolCaller& caller,
                                                     std::string_view grants) = 0;
  // Starts a sandbox inside that of `process`, with less than this authority and this process have.
  // `request` is JSON of the guest's (docs/sub-sandboxes.md). The answer comes when it has ended;
  // whoever drops the call before ends it.
  virtual Ref<ToolCall> run(Authority& authority, const ToolCaller& caller, Process& process,
                            std::string_view request) = 0;
  // Ends an authority that narrow() made, and all that was made of it. Gives how many capabilities.
  virtual uint64_t revoke(Authority& authority, const ToolCaller& caller) = 0;
};

}  // namespace cloche::kernel
