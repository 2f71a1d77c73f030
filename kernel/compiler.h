// Compiling programs beside the sandbox's turns: on a thread of the engine, one program at a time
// of a sandbox and those inside it, while the process that wants it waits as for a file of the
// host.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ref.h"
#include "engine/engine.h"
#include "kernel/exec.h"
#include "kernel/host_stream.h"
#include "kernel/wait_queue.h"

namespace cloche::kernel {

class CompileJob;

// Of the outermost kernel; those inside use that one (compiler_of()).
class Compiler {
 public:
  explicit Compiler(Kernel& kernel) : kernel_(kernel) {}
  ~Compiler();
  Compiler(const Compiler&) = delete;
  Compiler& operator=(const Compiler&) = delete;

  bool busy() const { return slot_.has_value(); }
  // Woken when it no longer is: by then the program is there, or whoever waits for his turn may
  // try.
  WaitQueue& queue() { return queue_; }
  // Begins; not while it is busy. `job` is told how much time it took. Memory that is not limited
  // is not counted. EAGAIN: no thread.
  SysResult<std::shared_ptr<engine::Loading>> begin(CompileJob& job, std::vector<uint8_t> bytes,
                                                    const engine::ModuleLimits& module_limits,
                                                    const engine::CompileLimits& limits);
  // The job ends, whoever waited for it. What its compilation still takes is the outermost
  // kernel's.
  void leave(CompileJob& job);
  uint64_t held_bytes() const { return slot_ && slot_->counted ? slot_->loading->held_bytes() : 0; }

 private:
  struct Slot final : HostEvent {
    Slot(Compiler& compiler, HostPoller& poller, std::shared_ptr<engine::Loading> begun)
        : HostEvent(poller, begun->fd()), owner(compiler), loading(std::move(begun)) {}
    void happened() override { owner.look(); }
    Compiler& owner;
    const std::shared_ptr<engine::Loading> loading;
    CompileJob* job = nullptr;  // null: it was left
    int64_t charged = 0;        // of its time, when it was left
    bool counted = true;        // its memory
  };
  void look();

  Kernel& kernel_;
  std::optional<Slot> slot_;
  WaitQueue queue_;
};

// Of this kernel or the outermost one around it.
Compiler& compiler_of(Kernel& kernel);
// So much CPU time was spent to compile, for this kernel and those around it.
void charge_compiling(Kernel& kernel, int64_t spent_ns);

// A program that is being compiled for a process of `kernel`, which outlives it, and what
// load_program() found on the way to it. Whoever drops it ends the compilation.
class CompileJob final : public RefCounted {
 public:
  CompileJob(Kernel& kernel, FoundProgram found) : kernel_(kernel), found_(std::move(found)) {}
  ~CompileJob() override;

  // Errors: as Compiler::begin().
  SysResult<Unit> begin(std::vector<uint8_t> bytes, const engine::ModuleLimits& module_limits,
                        const engine::CompileLimits& limits);
  bool done() const { return done_; }
  const engine::Loading& loading() const { return *loading_; }
  FoundProgram& found() { return found_; }

 private:
  friend class Compiler;
  Kernel& kernel_;
  FoundProgram found_;
  std::shared_ptr<engine::Loading> loading_;
  bool done_ = false;
};

}  // namespace cloche::kernel
