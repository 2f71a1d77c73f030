#include "session/terminal_pump.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace cloche::session {
namespace {

constexpr uint8_t kEndOfFile = 4;     // ^D, for programs that read keys one by one
constexpr size_t kPipeAtomic = 4096;  // a pipe that is writable takes this much without blocking

bool ready(int fd, short events) {
  pollfd wait{fd, events, 0};
  return poll(&wait, 1, 0) == 1;
}

}  // namespace

void TerminalPump::add_waits(std::vector<sched::FdWait>& waits) const {
  if (keys_fd_ >= 0 && keys_.empty()) waits.push_back({keys_fd_, POLLIN});
  if (screen_fd_ >= 0 && !screen_.empty()) waits.push_back({screen_fd_, POLLOUT});
}

bool TerminalPump::pump() {
  if (gone_) return false;
  read_keys();
  const bool typed = keys_.empty() ? type_end() : type_keys();
  const bool shown = read_screen();
  write_screen();
  return typed || shown || gone_;
}

void TerminalPump::read_keys() {
  if (keys_fd_ < 0 || !keys_.empty() || !ready(keys_fd_, POLLIN)) return;
  char buffer[kPipeAtomic];
  const ssize_t size = read(keys_fd_, buffer, sizeof buffer);
  if (size > 0) {
    keys_.assign(buffer, static_cast<size_t>(size));
  } else if (size == 0 || (errno != EINTR && errno != EAGAIN)) {
    keys_fd_ = -1;
    ended_ = true;
  }
}

bool TerminalPump::type_keys() {
  const auto* const bytes = reinterpret_cast<const uint8_t*>(keys_.data());
  const auto taken = tty_->master_write(std::span(bytes, keys_.size()));
  if (taken.ok()) {
    keys_.erase(0, taken.value());
  } else if (taken.error() != abi::Errno::kAGAIN) {
    keys_.clear();
  }
  return taken.ok();
}

bool TerminalPump::type_end() {
  if (!ended_ || !tty_->wants_keys()) return false;
  const kernel::Termios& modes = tty_->termios();
  uint8_t key = modes.chars[kernel::kVEof];
  if ((modes.local_flags & kernel::kIcanon) == 0 || key == 0) {
    if (raw_ends_ == kRawEnds) return false;
    ++raw_ends_;
    key = kEndOfFile;
  }
  return tty_->master_write({&key, 1}).ok();
}

bool TerminalPump::read_screen() {
  bool read = false;
  while (screen_.size() < kBuffer) {
    uint8_t buffer[kPipeAtomic];
    const auto size = tty_->master_read(buffer);
    if (!size.ok() || size.value() == 0) break;
    read = true;
    const uint64_t allowed = budget_->take(size.value());
    screen_.append(reinterpret_cast<const char*>(buffer), allowed);
  }
  return read;
}

// False when nothing could be written.
bool TerminalPump::write_screen() {
  if (screen_.empty()) return false;
  if (screen_fd_ < 0) {
    screen_.clear();
    return true;
  }
  if (!ready(screen_fd_, POLLOUT)) return false;
  const ssize_t size = write(screen_fd_, screen_.data(), std::min(screen_.size(), kPipeAtomic));
  if (size > 0) {
    screen_.erase(0, static_cast<size_t>(size));
    return true;
  }
  if (size < 0 && errno != EINTR && errno != EAGAIN) hang_up();
  return false;
}

void TerminalPump::hang_up() {
  gone_ = true;
  keys_fd_ = screen_fd_ = -1;
  keys_.clear();
  screen_.clear();
  tty_->hang_up();
}

bool TerminalPump::drain() {
  while (!gone_) {
    read_screen();
    if (screen_.empty()) return true;
    if (!write_screen()) return gone_;
  }
  return true;
}

}  // namespace cloche::session
