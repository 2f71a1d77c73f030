#include "session/compile_watch.h"

#include <algorithm>

namespace cloche::session {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kInterval{100};
// What one core of 2020 needs for a byte of a C program's module: bash (1.2 MB) takes 2 s.
constexpr double kNanosecondsPerByte = 1600;

}  // namespace

int guess_percent(uint64_t bytes, std::chrono::nanoseconds elapsed) {
  const double expected = std::max(1.0, static_cast<double>(bytes) * kNanosecondsPerByte);
  const double done = static_cast<double>(elapsed.count()) / expected;
  // Straight up to 80 % of the guess, then ever slower: 0.8 -> 80, 1 -> 90, 2 -> 97.
  const double percent = done < 0.8 ? done * 100 : 100 - 4 / (done - 0.6);
  return std::clamp(static_cast<int>(percent), 0, 99);
}

CompileWatch::~CompileWatch() {
  if (!watcher_.joinable()) return;
  {
    std::lock_guard lock(lock_);
    stop_ = true;
  }
  ended_.notify_all();
  watcher_.join();
}

void CompileWatch::begin(uint64_t module_bytes) {
  std::lock_guard lock(lock_);
  if (++running_ > 1) return;
  stop_ = false;
  const std::string what =
      "compiling a program of " + std::to_string((module_bytes + 1023) / 1024) + " KiB";
  watcher_ = std::thread([this, module_bytes, what] { watch(module_bytes, what); });
}

void CompileWatch::end() {
  std::unique_lock lock(lock_);
  if (--running_ > 0) return;
  stop_ = true;
  std::thread watcher = std::move(watcher_);
  lock.unlock();
  ended_.notify_all();
  watcher.join();
}

void CompileWatch::watch(uint64_t module_bytes, std::string what) {
  const Clock::time_point start = Clock::now();
  std::unique_lock lock(lock_);
  while (!ended_.wait_for(lock, kInterval, [this] { return stop_; })) {
    lock.unlock();
    report_(what, guess_percent(module_bytes, Clock::now() - start));
    lock.lock();
  }
  lock.unlock();
  report_(what, 100);
}

}  // namespace cloche::session
