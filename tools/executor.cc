#include "tools/executor.h"

#include <pthread.h>

#include <chrono>

namespace cloche::tools {

struct ThreadPool::State {
  explicit State(const Options& given) : options(given) {}
  const Options options;
  std::mutex lock;
  std::condition_variable work;
  std::deque<Job> jobs;
  uint32_t threads = 0, idle = 0;
  bool closed = false;

  // False: the host has no thread left. (std::thread would throw.)
  static bool start_thread(const std::shared_ptr<State>& state) {
    auto argument = std::make_unique<std::shared_ptr<State>>(state);
    pthread_t thread;
    if (pthread_create(&thread, nullptr, &State::main, argument.get()) != 0) return false;
    (void)argument.release();  // the thread's now
    pthread_detach(thread);
    return true;
  }
  static void* main(void* argument) {
    const std::unique_ptr<std::shared_ptr<State>> state(
        static_cast<std::shared_ptr<State>*>(argument));
    run(*state);
    return nullptr;
  }
  static void run(const std::shared_ptr<State>& state) {
    std::unique_lock guard(state->lock);
    for (;;) {
      ++state->idle;
      const bool woken =
          state->work.wait_for(guard, std::chrono::milliseconds(state->options.idle_ms),
                               [&state] { return state->closed || !state->jobs.empty(); });
      --state->idle;
      if (!woken || state->closed) break;
      Job job = std::move(state->jobs.front());
      state->jobs.pop_front();
      guard.unlock();
      job();
      job = nullptr;  // what it holds is dropped outside the lock
      guard.lock();
    }
    --state->threads;
  }
};

ThreadPool::ThreadPool(const Options& options) : state_(std::make_shared<State>(options)) {}

ThreadPool::~ThreadPool() {
  std::deque<Job> dropped;
  const std::lock_guard guard(state_->lock);
  state_->closed = true;
  dropped.swap(state_->jobs);
  state_->work.notify_all();
}

Executor::Accepted ThreadPool::submit(Job job) {
  const std::lock_guard guard(state_->lock);
  if (state_->jobs.size() >= state_->options.waiting) return Accepted::kBusy;
  if (state_->idle <= state_->jobs.size() && state_->threads < state_->options.threads) {
    if (State::start_thread(state_)) {
      ++state_->threads;
    } else if (state_->threads == 0) {
      return Accepted::kBusy;
    }
  }
  state_->jobs.push_back(std::move(job));
  state_->work.notify_one();
  return Accepted::kYes;
}

}  // namespace cloche::tools
