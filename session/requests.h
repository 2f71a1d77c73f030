// What other threads and signal handlers ask of a running sandbox, and the bell that wakes it.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "base/result.h"
#include "include/cloche/cloche.hpp"

namespace cloche::session {

// Thread class: safe; the ask_*() are async-signal-safe, the take_*() belong to the running thread.
class Requests {
 public:
  Requests() : bell_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~Requests() {
    if (bell_ >= 0) close(bell_);
  }
  Requests(const Requests&) = delete;
  Requests& operator=(const Requests&) = delete;

  bool valid() const { return bell_ >= 0; }  // false: no descriptor left for the bell
  int bell() const { return bell_; }         // readable when something was asked

  void ask_signal(int signo) noexcept {
    if (signo < 1 || signo > 64) return;
    signals_.fetch_or(uint64_t{1} << (signo - 1));
    ring();
  }
  void ask_kill() noexcept {
    kill_.store(true);
    ring();
  }
  void ask_window(WindowSize size) noexcept {
    window_.store(static_cast<uint32_t>(size.rows) << 16 | size.columns);
    ring();
  }

  // Only wakes the running thread.
  void ring() noexcept {
    const int saved_errno = errno;
    const uint64_t one = 1;
    (void)!write(bell_, &one, sizeof one);
    errno = saved_errno;
  }

  void silence() {
    uint64_t count;
    (void)!read(bell_, &count, sizeof count);
  }
  uint64_t take_signals() { return signals_.exchange(0); }  // bit (signo - 1)
  bool take_kill() { return kill_.exchange(false); }
  bool take_window(WindowSize& size) {
    const uint32_t packed = window_.exchange(0);
    size = WindowSize{static_cast<uint16_t>(packed >> 16), static_cast<uint16_t>(packed)};
    return packed != 0;
  }
  // Nothing that was asked of an earlier run counts for the next.
  void forget() {
    silence();
    signals_.store(0);
    kill_.store(false);
    window_.store(0);
  }

 private:
  static_assert(std::atomic<uint64_t>::is_always_lock_free);
  const int bell_;
  std::atomic<uint64_t> signals_{0};
  std::atomic<bool> kill_{false};
  std::atomic<uint32_t> window_{0};
};

}  // namespace cloche::session
