// Loads modules on threads of their own, of a low priority: whoever waits for one can go on with
// other work, and what the compiler does holds up nobody who runs.
#pragma once

#include <list>
#include <memory>
#include <mutex>

#include "engine/engine.h"
#include "sched/thread.h"

namespace cloche::engine {

// Thread class: safe.
class Loader {
 public:
  explicit Loader(Engine& engine) : engine_(engine) {}
  // Cancels what is under way, and waits until it has ended: a pass of the compiler over one
  // function.
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // See Engine::load_aside().
  Result<std::shared_ptr<Loading>> start(std::vector<uint8_t> wasm, const ModuleLimits& limits,
                                         const CompileLimits& compile_limits);

 private:
  class Job;
  void forget_done();

  Engine& engine_;
  std::mutex mutex_;
  std::list<std::shared_ptr<Job>> jobs_;  // whose threads were not joined yet
};

}  // namespace cloche::engine
