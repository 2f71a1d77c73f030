// Turns "a compilation began" into a progress that people can watch. The compiler cannot say how
// far it is, so the percentage is a guess from the size of the module and the time that has passed;
// it slows down when the guess was too good and never shows 100 before the end.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "sched/thread.h"

namespace cloche::session {

// Percent after `elapsed` of a module of `bytes`: 0 to 99, never falling.
int guess_percent(uint64_t bytes, std::chrono::nanoseconds elapsed);

// Thread class: safe. Of several compilations at the same time the first is shown; only its end if
// the host has no thread left.
class CompileWatch {
 public:
  using Report = std::function<void(const std::string& what, int percent)>;
  explicit CompileWatch(Report report) : report_(std::move(report)) {}
  ~CompileWatch();
  CompileWatch(const CompileWatch&) = delete;
  CompileWatch& operator=(const CompileWatch&) = delete;

  void begin(uint64_t module_bytes);
  void end();

 private:
  void watch();

  const Report report_;
  std::mutex lock_;
  std::condition_variable ended_;
  uint32_t running_ = 0;  // compilations
  bool stop_ = false;
  uint64_t module_bytes_ = 0;  // of the one that is shown
  std::string what_;
  std::unique_ptr<sched::Thread> watcher_;
};

}  // namespace cloche::session
