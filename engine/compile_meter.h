// Measures one compilation against its limits, on the thread that does it.
#pragma once

#include "base/result.h"
#include "engine/engine.h"
#include "engine/wasmtime_api.h"

namespace cloche::engine {

class CompileMeter {
 public:
  // The thread's CPU time counts from now on.
  explicit CompileMeter(Compilation& compilation);
  ~CompileMeter();  // notes what was spent
  CompileMeter(const CompileMeter&) = delete;
  CompileMeter& operator=(const CompileMeter&) = delete;

  // For cloche_compile(): false as soon as a limit is reached.
  cloche_question_t question() { return {&go_on, this}; }
  // Why it stopped: kResourceExhausted.
  Error reason() const;

 private:
  static bool go_on(void* env, uint64_t bytes);
  bool out_of_time();

  Compilation& compilation_;
  const int64_t start_;  // CPU time
  int64_t next_look_;    // monotonic time before which the CPU time need not be read
};

}  // namespace cloche::engine
