// A kernel with a fake engine, a clock that only tests move, and a small file tree.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernel/kernel.h"
#include "kernel/testing/clocks.h"
#include "kernel/testing/fake_engine.h"

namespace cloche::kernel::testing {

class TestSandbox {
 public:
  explicit TestSandbox(KernelLimits limits = {}, ToolGate* tools = nullptr,
                       int64_t clock_step_ns = 1);
  ~TestSandbox();

  // Defines a program and puts it at /bin/NAME.
  void program(const std::string& name, Body body, uint64_t memory = 1 << 20);
  void file(const std::string& path, const std::string& content, uint32_t mode = 0644);

  // Starts /bin/NAME; its pid, or -errno.
  int32_t start(const std::string& name, std::vector<std::string> argv = {});
  // Runs until the process of start() has ended; time jumps to the next timer when all wait. Fails
  // the test when everything waits for ever. Returns the wait status.
  int32_t run(int32_t pid);
  // Both: defines, starts and runs a program to its end.
  int32_t run_program(Body body);
  // Runs until nothing is ready, without moving the clock.
  Kernel::Idle settle();

  std::vector<std::string> said() { return engine_->record(); }
  FakeEngine& engine() { return *engine_; }
  Kernel& kernel() { return *kernel_; }
  ManualClock& clock() { return clock_; }
  std::vector<std::string> log;
  std::vector<std::string> limits_reached;  // "pids.max 5": which, by which process
  Ref<Authority> authority;                 // what start() gives
  ExitStatus last;

 private:
  ManualClock clock_;
  CountingRandom random_;
  std::unique_ptr<FakeEngine> engine_;
  vfs::InodeRef root_;
  std::unique_ptr<Kernel> kernel_;
};

}  // namespace cloche::kernel::testing
