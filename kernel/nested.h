// A sandbox inside a sandbox, as the kernel around it sees it: one more thing that takes its turn,
// beside its own threads, on the same OS thread. Whoever makes such sandboxes implements this
// (session/inner_sandbox.h).
#pragma once

#include <cstdint>
#include <string>

namespace cloche::kernel {

class Kernel;

// Whether somebody else wants the OS thread: asked at ticks. Any time.
struct Question {
  bool (*ask)(void* env) noexcept = nullptr;  // null: nobody does
  void* env = nullptr;
};

class Nested {
 public:
  virtual ~Nested() = default;
  virtual Kernel& kernel() = 0;
  virtual const std::string& name() const = 0;  // for people: "30fe4f382763c4d9.1"
  virtual uint32_t job() const = 0;             // of the process that started it

  // Whether turn() has something to do at `now` (monotonic ns).
  virtual bool ready(int64_t now) = 0;
  // When that will be so by itself; Call::kNoDeadline: never.
  virtual int64_t next_deadline() = 0;
  // Runs it for about that long, or until `should_stop` says yes. kGone: it has ended, and is to be
  // destroyed.
  enum class Turn : uint8_t { kAlive, kGone };
  virtual Turn turn(int64_t slice_ns, const Question& should_stop) = 0;
};

}  // namespace cloche::kernel
