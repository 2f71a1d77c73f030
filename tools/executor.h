// Threads that run handlers.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace cloche::tools {

// Where a broker sends the work of handlers. A host that wants them on threads of its own gives its
// own implementation. Thread class: safe.
class Executor {
 public:
  virtual ~Executor() = default;
  using Job = std::function<void()>;
  enum class Accepted : uint8_t { kYes, kBusy };
  // Runs the job later, on another thread. kBusy: there is no room, the job will not run.
  virtual Accepted submit(Job job) = 0;
};

// Starts a thread for each job while no other is idle, up to a limit, and keeps idle ones for a
// while. A job that never returns keeps its thread and nothing else.
class ThreadPool final : public Executor {
 public:
  struct Options {
    uint32_t threads = 64;      // at most
    uint32_t waiting = 1024;    // jobs that wait for a thread, at most
    uint32_t idle_ms = 10'000;  // then a thread without work ends
  };
  explicit ThreadPool(const Options& options);
  // Does not wait for jobs that run: a handler may hang. Jobs that wait are dropped.
  ~ThreadPool() override;
  Accepted submit(Job job) override;

 private:
  struct State;
  std::shared_ptr<State> state_;  // outlives the pool while a thread runs
};

}  // namespace cloche::tools
