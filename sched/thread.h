// A thread that may fail to start, which std::thread tells by throwing.
#pragma once

#include <pthread.h>

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
  bool started_ = false;
  pthread_t thread_{};
};

}  // namespace cloche::sched
