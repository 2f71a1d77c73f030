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
  // Begins; not while it is busy. Of a program of the pack neither memory nor CPU time counts, but
  // for compile.time. EAGAIN: no thread.
  SysResult<std::shared_ptr<engine::Loading>> begin(CompileJob& job, std::vector<uint8_t> bytes,
                                                    const engine::ModuleLimits& module_limits,
                                                    const engine::CompileLimits& limits);
  // The job ends, whoever waited for it. What its compilation still takes is the outermost
  // kernel's.
  void leave(CompileJob& job);
  uint64_t held_bytes() const { return slot_ && slot_->counted ? slot_->loading->held_bytes() : 0; }
  // Charges the CPU time that was spent since the last time.
  void settle();
  // Whether `kernel` pays for what is being compiled: for itself or for one inside.
  bool is_paid_by(const Kernel& kernel) const;

 private:
  struct Slot final : HostEvent {
    Slot(Compiler& compiler, HostPoller& poller, std::shared_ptr<engine::Loading> begun)
        : HostEvent(poller, begun->fd()), owner(compiler), loading(std::move(begun)) {}
    void happened() override { owner.look(); }
    Compiler& owner;
    const std::shared_ptr<engine::Loading> loading;
    CompileJob* job = nullptr;  // null: it was left
    uint32_t payer = 0;         // the job of the kernel whose time it is
    int64_t charged = 0;        // of its time
    bool counted = true;        // it is no program of the pack
  };
  void look();

  Kernel& kernel_;
  std::optional<Slot> slot_;
  WaitQueue queue_;
};

// Of this kernel or the outermost one around it.
Compiler& compiler_of(Kernel& kernel);
// So much CPU time was spent to compile, for a job of this kernel and those around it.
enum class PaidBy : uint8_t { kHost, kGuest };
void charge_compiling(Kernel& kernel, uint32_t job, int64_t spent_ns, PaidBy whom);

// A program that is being compiled for a process of `kernel`, which outlives it, and what
// load_program() found on the way to it. Whoever drops it ends the compilation.
class CompileJob final : public RefCounted {
 public:
  CompileJob(Kernel& kernel, FoundProgram found)
      : kernel_(kernel), found_(std::move(found)), of_pack_(found_.of_pack()) {}
  ~CompileJob() override;

  // Errors: as Compiler::begin().
  SysResult<Unit> begin(std::vector<uint8_t> bytes, const engine::ModuleLimits& module_limits,
                        const engine::CompileLimits& limits);
  bool done() const { return done_; }
  const engine::Loading& loading() const { return *loading_; }
  FoundProgram& found() { return found_; }
  bool of_pack() const { return of_pack_; }

 private:
  friend class Compiler;
  Kernel& kernel_;
  FoundProgram found_;
  const bool of_pack_;
  std::shared_ptr<engine::Loading> loading_;
  bool done_ = false;
};

}  // namespace cloche::kernel
