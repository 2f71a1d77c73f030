// What threads do with a Process, and how they hand over the driving of a sandbox. Also run by
// ThreadSanitizer (scripts/sanitize --threads).
#include "session/process_state.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "session/control.h"
#include "session/floor.h"

namespace cloche::session {
namespace {

TEST(ProcessStateTest, AnyThreadWaitsAndAsks) {
  for (int round = 0; round < 50; ++round) {
    const auto state = std::make_shared<Process::State>(std::make_shared<Bell>());
    std::atomic<int> seen = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([state, &seen, i] {
        state->wait_started();
        state->requests.ask_signal(i + 1);
        state->requests.ask_window({1, 2});
        if (i % 2 == 0) state->wait_ended();
        while (!state->wait_ended_for(std::chrono::microseconds(50))) {
        }
        seen += state->result.exit_code;
      });
    }
    state->tell_started(5);
    uint64_t signals = 0;
    while (signals != 0xf) signals |= state->requests.take_signals();
    RunResult result;
    result.exit_code = 3;
    state->tell_ended(std::move(result), std::nullopt);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(seen, 12);
    WindowSize size;
    EXPECT_TRUE(state->requests.take_window(size));
    EXPECT_EQ(size.columns, 2);
  }
}

// A sandbox whose programs are numbers: each needs some turns of whoever drives. As Attendant has
// it, with a thread in place of the task of the workers.
class Model {
 public:
  ~Model() {
    if (attendant_.joinable()) attendant_.join();
  }

  // One that goes on by itself.
  void spawn() {
    between([this] {
      left_ += 3;
      live_ = true;
    });
    attend();
  }
  // One whose caller waits.
  void run() {
    std::atomic<bool> done = false;
    if (floor_.try_take()) {
      drive(done);
    } else {
      control_.perform([this, &done] { waiting_.push_back(&done); });
      if (floor_.take_unless(done)) drive(done);
    }
    ++runs;
  }
  bool idle() {
    bool result = false;
    control_.perform([this, &result] { result = left_ == 0; });
    return result;
  }
  std::atomic<int> runs = 0;

 private:
  template <class Job>
  void between(const Job& job) {
    if (floor_.try_take()) {
      control_.begin_driving();
      job();
      leave();
    } else {
      control_.perform(job);
    }
  }
  void drive(std::atomic<bool>& done) {
    control_.begin_driving();
    std::erase(waiting_, &done);
    for (int i = 0; i < 3; ++i) turn();
    leave();
    attend();
  }
  void leave() {
    (void)control_.end_driving([this] {
      floor_.leave();
      return true;
    });
  }
  void turn() {
    control_.serve();
    if (left_ > 0 && --left_ == 0) live_ = false;
    if (waiting_.empty()) return;
    floor_.tell(*waiting_.back());
    waiting_.pop_back();
  }
  void attend() {
    while (live_ && floor_.try_take()) {
      const std::lock_guard lock(mutex_);
      if (attendant_.joinable()) attendant_.join();
      control_.begin_driving();
      attendant_ = std::thread([this] {
        do turn();
        while (!control_.end_driving([this] {
          if (live_) return false;
          floor_.leave();
          return true;
        }));
      });
    }
  }

  Requests requests_;
  Control control_{requests_};
  Floor floor_;
  std::mutex mutex_;
  std::thread attendant_;
  // Of who drives.
  int left_ = 0;
  std::vector<std::atomic<bool>*> waiting_;
  std::atomic<bool> live_ = false;
};

TEST(ProcessStateTest, WhatWasStartedIsDrivenToItsEnd) {
  for (int round = 0; round < 50; ++round) {
    Model model;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&model, i] {
        for (int each = 0; each < 20; ++each) i % 2 == 0 ? model.spawn() : model.run();
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(model.runs, 40);
    while (!model.idle()) std::this_thread::yield();
  }
}

}  // namespace
}  // namespace cloche::session
