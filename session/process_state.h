// What a Process and the thread that drives its sandbox share.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "base/owned_fd.h"
#include "include/cloche/cloche.hpp"
#include "session/requests.h"

namespace cloche {

// Of a run, too, whose caller waits. Thread class: `ends` and `detached` belong to the owner of the
// Process, all else is safe.
struct [[gnu::visibility("hidden")]] Process::State {
  explicit State(std::shared_ptr<session::Bell> bell) : requests(std::move(bell)) {}

  session::Requests requests;   // to this program alone
  std::array<OwnedFd, 3> ends;  // of the host, of pipes
  bool detached = false;
  std::atomic<bool> done = false;  // as `ended`, for a Floor

  // --- of the driving thread

  // It runs, or it is about to end without that: 0.
  void tell_started(int32_t its_pid) {
    const std::lock_guard lock(mutex);
    pid = its_pid;
    started = true;
    changed.notify_all();
  }
  // `why`: it is not the program's fault that it did not start.
  void tell_ended(RunResult its_result, std::optional<Failure> why) {
    const std::lock_guard lock(mutex);
    result = std::move(its_result);
    failure = std::move(why);
    started = ended = true;
    changed.notify_all();
  }

  // --- of those who wait

  void wait_started() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return started; });
  }
  void wait_ended() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return ended; });
  }
  bool wait_ended_for(std::chrono::nanoseconds timeout);

  std::mutex mutex;
  std::condition_variable changed;
  bool started = false, ended = false;
  int32_t pid = 0;
  RunResult result;  // once it has ended, nobody changes it
  std::optional<Failure> failure;
};

}  // namespace cloche
