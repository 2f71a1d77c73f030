#include "engine/ticker.h"

#include <utility>

namespace cloche::engine {
namespace {

// Ticks without a guest before the thread goes to sleep: waking it costs more than a few ticks.
constexpr int kIdleTicks = 10;

}  // namespace

Ticker::Ticker(std::chrono::microseconds interval, std::function<void()> tick)
    : interval_(interval), tick_(std::move(tick)), asleep_(interval.count() > 0) {}

Result<std::unique_ptr<Ticker>> Ticker::create(std::chrono::microseconds interval,
                                               std::function<void()> tick) {
  std::unique_ptr<Ticker> ticker(new Ticker(interval, std::move(tick)));
  if (interval.count() > 0) TRY(ticker->thread_.start<&Ticker::run>(ticker.get()));
  return ticker;
}

Ticker::~Ticker() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_up_.notify_all();
  thread_.join();
}

void Ticker::wake() {
  {
    std::lock_guard lock(mutex_);
    asleep_ = false;
  }
  wake_up_.notify_all();
}

// Not asleep_.wait(): that spins with sched_yield(), after which EEVDF lets a thread wait.
void Ticker::sleep_from(uint64_t seen) {
  asleep_ = true;
  std::unique_lock lock(mutex_);
  // Whoever entered before it saw `asleep_` is seen here.
  if (entries_.load() == seen) wake_up_.wait(lock, [this] { return !asleep_ || stop_; });
  asleep_ = false;
}

void Ticker::run() {
  uint64_t seen = 0;
  int idle = kIdleTicks;  // until the first one enters
  while (!stop_) {
    const uint64_t entries = entries_.load();
    const bool busy = entries != leaves_.load() || entries != seen;
    seen = entries;
    idle = busy ? 0 : idle + 1;
    if (idle > kIdleTicks) {
      sleep_from(seen);
      idle = 0;
      continue;
    }
    std::unique_lock lock(mutex_);
    if (wake_up_.wait_for(lock, interval_, [this] { return stop_.load(); })) return;
    lock.unlock();
    tick_();
  }
}

}  // namespace cloche::engine
