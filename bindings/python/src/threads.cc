#include "threads.h"

#include <pthread.h>

#include <chrono>
#include <csignal>

namespace cloche::python {
namespace {

constexpr std::chrono::seconds kIdle{10};  // then a thread without work ends

// A thread that starts meanwhile has these blocked, too.
class SignalsBlocked {
 public:
  explicit SignalsBlocked(Threads::Signals how) : changed_(how == Threads::Signals::kBlocked) {
    if (!changed_) return;
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}) sigdelset(&all, fault);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() {
    if (changed_) pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  const bool changed_;
  sigset_t before_ = {};
};

}  // namespace

struct Threads::State {
  explicit State(const Options& given) : options(given) {}
  const Options options;
  std::mutex lock;
  std::condition_variable work;
  std::deque<Job> jobs;
  unsigned threads = 0, idle = 0;
  bool closed = false;

  void run() {
    std::unique_lock guard(lock);
    for (;;) {
      ++idle;
      const bool woken = work.wait_for(guard, kIdle, [this] { return closed || !jobs.empty(); });
      --idle;
      if (!woken || jobs.empty()) break;
      Job job = std::move(jobs.front());
      jobs.pop_front();
      guard.unlock();
      job();
      job = nullptr;  // what it holds is dropped outside of the lock
      guard.lock();
    }
    --threads;
  }

  // The caller holds the lock.
  bool start_thread(const std::shared_ptr<State>& self) {
    if (threads >= options.most) return false;
    auto argument = std::make_unique<std::shared_ptr<State>>(self);
    const SignalsBlocked blocked(options.signals);
    pthread_t thread;
    if (pthread_create(&thread, nullptr, &State::main, argument.get()) != 0) return false;
    (void)argument.release();  // the thread's now
    pthread_detach(thread);
    ++threads;
    return true;
  }

  static void* main(void* argument) {
    const std::unique_ptr<std::shared_ptr<State>> state(
        static_cast<std::shared_ptr<State>*>(argument));
    (*state)->run();
    return nullptr;
  }
};

Threads::Threads(const Options& options) : state_(std::make_shared<State>(options)) {}

Threads::~Threads() {
  const std::lock_guard guard(state_->lock);
  state_->closed = true;
  state_->work.notify_all();
}

bool Threads::submit(Job job) {
  {
    const std::lock_guard guard(state_->lock);
    if (state_->idle <= state_->jobs.size() && !state_->start_thread(state_)) return false;
    state_->jobs.push_back(std::move(job));
  }
  state_->work.notify_one();  // who wakes up finds the lock free
  return true;
}

}  // namespace cloche::python
