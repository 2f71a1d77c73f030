// Threads that run jobs and are kept for the next ones.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace cloche::python {

// Starts a thread for a job while none is idle, up to a limit. A job that never returns keeps its
// thread and nothing else. Thread class: safe.
class Threads {
 public:
  using Job = std::function<void()>;
  enum class Signals : uint8_t {
    kTaken,    // as the thread that starts them
    kBlocked,  // left to the other threads of the process, but for those of faults
  };
  struct Options {
    unsigned most = 64;
    Signals signals = Signals::kTaken;
  };
  explicit Threads(const Options& options);
  // Does not wait for jobs.
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  // Runs the job on one of them. False: no thread is left; the job will not run.
  bool submit(Job job);

 private:
  struct State;
  std::shared_ptr<State> state_;  // outlives this while a thread runs
};

}  // namespace cloche::python
