// What all sandboxes of a Host share.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/engine.h"
#include "include/cloche/cloche.hpp"
#include "sched/scheduler.h"
#include "session/compile_watch.h"
#include "session/ready_store.h"
#include "vfs/pack_set.h"

namespace cloche {

struct [[gnu::visibility("hidden")]] Host::State {
  HostOptions options;
  std::unique_ptr<session::CompileWatch> watch;  // null: nobody wants to know
  std::unique_ptr<engine::Engine> engine;        // uses it
  std::shared_ptr<const vfs::PackSet> packs;     // null: none
  std::unique_ptr<session::ReadyStore> ready;    // with packs; uses the engine
  std::vector<std::string> warnings;

  // The ready image of a program of the packs, if it has one and there is none yet.
  void make_ready(const engine::ModuleRef& module, const std::string& guest_path) const {
    if (ready && module->can_be_ready()) (void)ready->find(module, guest_path);
  }

  // The workers that run sandboxes; started at the first use. Any thread. Errors:
  // kResourceExhausted (no threads or descriptors left), kInvalidArgument (too many workers).
  Expected<sched::Scheduler*> scheduler();

  // While one lives, a sandbox runs.
  class Running {
   public:
    explicit Running(State& host) : host_(host) {
      if (host_.runs_.fetch_add(1) > 0) host_.set_crowded();
    }
    ~Running() {
      if (host_.runs_.fetch_sub(1) == 1) host_.crowded_ = false;
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    State& host_;
  };
  // Whether those that run share the workers. One alone runs on the thread of its caller, which
  // costs no thread and no switch, until this is set.
  const std::atomic<bool>& crowded() const { return crowded_; }
  // One that runs alone leaves the thread of its caller.
  void set_crowded() {
    if (!crowded_.exchange(true)) engine->tick();
  }

 private:
  HostClock clock_;
  std::atomic<int> runs_{0};
  std::atomic<bool> crowded_{false};
  std::mutex mutex_;
  std::unique_ptr<sched::Scheduler> scheduler_;
};

}  // namespace cloche
