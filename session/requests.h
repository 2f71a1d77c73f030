// What other threads and signal handlers ask of a running sandbox, and the bell that wakes it.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/result.h"
#include "include/cloche/cloche.hpp"

namespace cloche::session {

// Wakes the thread that drives a sandbox: a descriptor that becomes readable. Thread class: safe;
// ring() is async-signal-safe.
class Bell {
 public:
  Bell() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~Bell() {
    if (fd_ >= 0) close(fd_);
  }
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;

  int fd() const { return fd_; }  // -1: no descriptor was left
  void ring() noexcept {
    const int saved_errno = errno;
    const uint64_t one = 1;
    (void)!write(fd_, &one, sizeof one);
    errno = saved_errno;
  }
  void silence() {
    uint64_t count;
    (void)!read(fd_, &count, sizeof count);
  }

 private:
  const int fd_;
};

// Thread class: safe; the ask_*() are async-signal-safe, the take_*() belong to the running thread.
class Requests {
 public:
  Requests() : Requests(std::make_shared<Bell>()) {}
  explicit Requests(std::shared_ptr<Bell> bell) : bell_(std::move(bell)) {}
  Requests(const Requests&) = delete;
  Requests& operator=(const Requests&) = delete;

  bool valid() const { return bell_->fd() >= 0; }
  int bell() const { return bell_->fd(); }  // readable when something was asked
  const std::shared_ptr<Bell>& shared_bell() const { return bell_; }

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
  void ring() noexcept { bell_->ring(); }
  void silence() { bell_->silence(); }

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
  const std::shared_ptr<Bell> bell_;
  std::atomic<uint64_t> signals_{0};
  std::atomic<bool> kill_{false};
  std::atomic<uint32_t> window_{0};
};

}  // namespace cloche::session
