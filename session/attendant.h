// Drives a sandbox, on the workers of its host, while programs are there that spawn() started and
// no other thread does.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>

#include "include/cloche/cloche.hpp"
#include "sched/scheduler.h"
#include "session/driver.h"
#include "session/host_state.h"

namespace cloche::session {

// Thread class: attend() is safe; made and destroyed with the sandbox.
class Attendant {
 public:
  explicit Attendant(Sandbox::State& sandbox) : sandbox_(sandbox) {}
  // Ends the programs that still run, and waits for that.
  ~Attendant();
  Attendant(const Attendant&) = delete;
  Attendant& operator=(const Attendant&) = delete;

  // Takes over, if there is something to drive and nobody does. To be called after each spawn() and
  // by each thread that leaves the floor: so one of them sees both.
  void attend();

 private:
  void begin();
  bool may_end();

  Sandbox::State& sandbox_;
  std::atomic<bool> closing_ = false;
  std::mutex mutex_;  // around what follows, but not while it drives
  std::optional<Driver> driver_;
  std::optional<sched::TaskHandle> task_;  // of the last time
  std::optional<Host::State::Running> running_;
};

}  // namespace cloche::session
