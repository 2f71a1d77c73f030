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
  if (!watcher_) return;
  {
    std::lock_guard lock(lock_);
    stop_ = true;
  }
  ended_.notify_all();
  watcher_->join();
}

void CompileWatch::begin(uint64_t module_bytes) {
  std::lock_guard lock(lock_);
  if (++running_ > 1) return;
  stop_ = false;
  module_bytes_ = module_bytes;
  what_ = "compiling a program of " + std::to_string((module_bytes + 1023) / 1024) + " KiB";
  watcher_ = std::make_unique<sched::Thread>();
  if (!watcher_->start<&CompileWatch::watch>(this).ok()) watcher_ = nullptr;
}

void CompileWatch::end() {
  std::unique_lock lock(lock_);
  if (--running_ > 0) return;
  stop_ = true;
  const std::unique_ptr<sched::Thread> watcher = std::move(watcher_);
  const std::string what = what_;
  lock.unlock();
  ended_.notify_all();
  if (watcher) watcher->join();
  report_(what, 100);
}

void CompileWatch::watch() {
  const Clock::time_point start = Clock::now();
  std::unique_lock lock(lock_);
  const uint64_t module_bytes = module_bytes_;
  const std::string what = what_;
  while (!ended_.wait_for(lock, kInterval, [this] { return stop_; })) {
    lock.unlock();
    report_(what, guess_percent(module_bytes, Clock::now() - start));
    lock.lock();
  }
}

}  // namespace cloche::session
