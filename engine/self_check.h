// Does fork by stack swap work here? It rests on how this build of wasmtime lays out a suspended
// stack and on some abilities of the kernel, so both are tried before anything relies on them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "engine/engine_impl.h"

namespace cloche::engine {

// Private mappings of a memfd: does the scanner see exactly the pages that were written, do moves
// carry them, does growth keep one mapping? Errors: kUnsupported.
Status test_host_memory(const PageScanner& scanner);

// The guest's module.
std::span<const uint8_t> self_check_guest();

// Tries contexts on an engine of its own, configured like all others.
class SelfCheck {
 public:
  enum class Extent : uint8_t { kQuick, kThorough };  // what may be called
  // Errors: kUnsupported and what Engine::create() has. `cache_dir` may be empty.
  static Result<std::unique_ptr<SelfCheck>> create(const std::string& cache_dir, Extent extent);
  ~SelfCheck();

  // The least that must hold: two slots agree on the layout; a fork below some frames; a trap and a
  // return that leave a relative alive. Below a millisecond, once compiled. Errors: kUnsupported.
  Status quick();
  // All of it, line by line. A fraction of a second.
  std::vector<Finding> thorough();

 private:
  struct Process;
  explicit SelfCheck(std::unique_ptr<EngineImpl> engine);

  Result<std::unique_ptr<Process>> start(int32_t depth);
  Result<std::unique_ptr<Process>> fork(Process& process);
  // Runs with `answer` and expects a stop with `code`.
  Status expect_stop(Process& process, int32_t answer, int32_t code);
  Status expect_trap(Process& process, int32_t action, TrapKind kind);
  Status expect_return(Process& process);

  Status layouts_agree();
  Status head_stays();
  Status fork_in_recursion(int32_t depth);
  Status nested_forks();
  Status clones();
  Status traps();
  Status preemption();
  Status migration();
  Status jumps();
  Status fills();

  std::unique_ptr<EngineImpl> engine_;
  ModuleRef module_;
  std::unique_ptr<Pool> pool_;
  bool yield_ = false;  // what the pool's should_yield() answers
};

}  // namespace cloche::engine
