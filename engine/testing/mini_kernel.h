// A kernel of a few calls for tests, the torture program and the benchmark: processes that fork,
// wait and exit, threads, and a queue. Guests import it from module "k" (mini_kernel.cc has the
// list) and follow the suspension protocol of abi/README.md.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"

namespace cloche::engine {

// WebAssembly text to bytes; stops the program if the text is wrong.
std::vector<uint8_t> assemble(std::string_view text);

class MiniKernel;

// The functions that MiniKernel serves, for EngineOptions.
std::vector<HostFunction> mini_kernel_functions();

// One family of processes. Process 1 is the first. A process that traps ends with kTrapStatus.
// Thread class: one thread at a time.
class MiniKernel {
 public:
  static constexpr int kTrapStatus = 128;

  struct Options {
    bool preempt = false;  // yield on every tick
  };
  MiniKernel(Engine& engine, const Options& options);
  explicit MiniKernel(Engine& engine) : MiniKernel(engine, Options{}) {}

  // Starts process 1. `arguments` are what k.arg answers.
  Status start(const ModuleRef& module, std::vector<int32_t> arguments);
  Status start(const ImageRef& image);
  // Lets one process run until it stops. False when process 1 has ended (or nothing can run).
  bool step();
  // Steps to the end; the exit status of process 1, or -1 if all processes wait for ever.
  int run();

  bool finished() const { return finished_; }
  int status() const { return status_; }
  const std::string& output() const { return output_; }
  const std::vector<std::string>& trap_messages() const { return trap_messages_; }
  TrapKind last_trap() const { return last_trap_; }
  uint64_t traps() const { return traps_; }
  // The context of a live process, and the status that k.exit was last called with.
  Context& context(int pid) { return *processes_.at(pid).context; }
  int requested_status() const { return request_argument_[0]; }
  Pool& pool() { return *pool_; }
  // Forgets all processes, so that another family can start.
  void clear();

 private:
  friend struct MiniKernelCalls;
  enum class Request : uint8_t { kNone, kFork, kVfork, kThread, kWait, kExit, kSched, kExec };
  struct Process {
    int pid = 0;
    int parent = 0;
    std::unique_ptr<Context> context;
    MiniKernel* kernel = nullptr;
    int32_t result = 0, status = 0;
    int children = 0;
    bool waiting = false;
    int vfork_parent = 0;  // whom to wake when this one exits or replaces its program
    std::deque<std::pair<int, int>> dead;
    std::vector<int32_t> arguments;
  };

  Process& add(Process* parent, std::unique_ptr<Context> context);
  void serve(Process& process);
  void fork(Process& process);
  void exit(Process& process, int status);
  void wake_vfork_parent(Process& process);

  std::unique_ptr<Pool> pool_;
  ModuleRef module_;
  std::map<int, Process> processes_;
  std::deque<int> ready_;
  int next_pid_ = 1;
  Request request_ = Request::kNone;
  int32_t request_argument_[2] = {};
  bool finished_ = false;
  int status_ = -1;
  std::string output_;
  std::vector<std::string> trap_messages_;
  TrapKind last_trap_ = TrapKind::kOther;
  uint64_t traps_ = 0;
};

}  // namespace cloche::engine
