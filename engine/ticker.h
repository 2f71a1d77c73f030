// Moves the epoch while guests run, so that they look up now and then.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "sched/thread.h"

namespace cloche::engine {

// Calls `tick` about every `interval` while somebody is between enter() and leave(), on a thread of
// its own, which sleeps without waking up while nobody has been there for a while.
class Ticker {
 public:
  // An interval of 0: never. Errors: kResourceExhausted (the host has no thread left).
  static Result<std::unique_ptr<Ticker>> create(std::chrono::microseconds interval,
                                                std::function<void()> tick);
  ~Ticker();
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

  // Thread class: safe. Cost: an atomic addition each, unless the thread sleeps.
  void enter() {
    entries_.fetch_add(1);
    if (asleep_.load()) wake();
  }
  void leave() { leaves_.fetch_add(1); }

 private:
  Ticker(std::chrono::microseconds interval, std::function<void()> tick);
  void wake();
  void run();
  void sleep_from(uint64_t seen);  // until the first that enters after so many entries

  const std::chrono::microseconds interval_;
  const std::function<void()> tick_;
  std::atomic<uint64_t> entries_ = 0;
  std::atomic<uint64_t> leaves_ = 0;
  std::atomic<bool> asleep_;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::condition_variable wake_up_;  // ends a sleep, and cuts the last interval short
  sched::Thread thread_;
};

}  // namespace cloche::engine
