// A thread that may fail to start, which std::thread tells by throwing.
#pragma once

#include <pthread.h>
#include <signal.h>

#include "base/result.h"

namespace cloche::sched {

// Joined before it is destroyed, if it was started. Thread class: unsafe.
class Thread {
 public:
  Thread() = default;
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  ~Thread() { CHECK(!started_); }

  // Runs (object->*kMain)() in it. The object outlives it. Once.
  // kResourceExhausted: the host has no thread left.
  template <auto kMain, class T>
  Status start(T* object) {
    CHECK(!started_);
    const auto main = [](void* self) -> void* {
      (static_cast<T*>(self)->*kMain)();
      return nullptr;
    };
    const SignalsAside aside;  // the thread inherits the mask
    started_ = pthread_create(&thread_, nullptr, main, object) == 0;
    if (!started_) return make_error(Code::kResourceExhausted, "the host has no thread left");
    return ok_status();
  }
  // Nothing when it was not started.
  void join() {
    if (started_) CHECK(pthread_join(thread_, nullptr) == 0);
    started_ = false;
  }
  bool is_this() const { return started_ && pthread_equal(thread_, pthread_self()) != 0; }

 private:
  // What the process is sent goes to the threads of its owner, not to ours. Not blocked are the
  // signals that the thread's own instructions raise.
  class SignalsAside {
   public:
    SignalsAside() {
      sigset_t all;
      sigfillset(&all);
      for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}) sigdelset(&all, own);
      pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsAside() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

   private:
    sigset_t before_;
  };

  bool started_ = false;
  pthread_t thread_{};
};

}  // namespace cloche::sched
