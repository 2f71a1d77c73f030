// Who drives a sandbox: one thread at a time, for all that wait for something in it. When the one
// has what it waited for, the next goes on.
//
// Thread class: safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace cloche::session {

class Floor {
 public:
  // Nobody drives, so this thread does now.
  bool try_take() {
    const std::lock_guard lock(mutex_);
    return !std::exchange(taken_, true);
  }
  // Waits until this thread may drive: true; or until `done`, which comes with tell(): false.
  bool take_unless(const std::atomic<bool>& done) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this, &done] { return done || !taken_; });
    if (done) return false;
    return taken_ = true;
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    taken_ = false;
    changed_.notify_all();
  }
  // What somebody waits for is done.
  void tell(std::atomic<bool>& done) {
    const std::lock_guard lock(mutex_);
    done = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool taken_ = false;
};

}  // namespace cloche::session
