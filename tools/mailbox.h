// What threads of handlers, and whoever revokes a capability, tell the thread of the sandbox.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "tools/handler.h"

namespace cloche::tools {

using CallId = uint64_t;

// Thread class: safe. post_*() may be called under any lock but the mailbox's own.
class Mailbox {
 public:
  // `ring` wakes the sandbox's thread; it must be quick and may be called from any thread.
  explicit Mailbox(std::function<void()> ring) : ring_(std::move(ring)) {}

  void post_outcome(CallId id, Outcome outcome) {
    const std::lock_guard guard(lock_);
    if (closed_) return;
    ended_.emplace_back(id, std::move(outcome));
    ring_();
  }
  void post_revoked(CallId id) {
    const std::lock_guard guard(lock_);
    if (closed_) return;
    revoked_.push_back(id);
    ring_();
  }

  struct Post {
    std::vector<std::pair<CallId, Outcome>> ended;
    std::vector<CallId> revoked;
  };
  Post collect() {
    const std::lock_guard guard(lock_);
    return {std::exchange(ended_, {}), std::exchange(revoked_, {})};
  }
  // Nobody collects any more: what is posted later is dropped, and `ring` is not called again.
  void close() {
    const std::lock_guard guard(lock_);
    closed_ = true;
    ended_.clear();
  }

 private:
  std::mutex lock_;
  const std::function<void()> ring_;
  std::vector<std::pair<CallId, Outcome>> ended_;
  std::vector<CallId> revoked_;
  bool closed_ = false;
};

}  // namespace cloche::tools
