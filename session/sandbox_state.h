// What one sandbox owns. The order of the members is the order of their making: at the end the
// programs that run by themselves go first, then the kernel, the clock and the host last.
#pragma once

#include <memory>
#include <optional>

#include "base/clock.h"
#include "kernel/host_stream.h"
#include "kernel/kernel.h"
#include "session/attendant.h"
#include "session/code_session.h"
#include "session/control.h"
#include "session/file_watch.h"
#include "session/floor.h"
#include "session/host_state.h"
#include "session/limits.h"
#include "session/programs.h"
#include "session/requests.h"
#include "session/sandbox_gate.h"
#include "session/tool_side.h"
#include "session/world.h"

namespace cloche {

struct [[gnu::visibility("hidden")]] Sandbox::State {
  std::shared_ptr<Host::State> host;
  SandboxOptions options;
  session::EffectiveLimits limits;
  HostClock clock;
  std::optional<RoundedClock> guest_clock;  // what the guest is told of it
  HostRandom host_random;
  std::unique_ptr<RandomSource> seeded_random;  // null: the guest gets the host's
  session::Requests requests;
  session::Control control{requests};
  bool paused = false;   // by pause(): also while nothing is under way
  session::World world;  // its namespace has moved into the kernel
  std::vector<std::string> environment;
  std::string last_log_line;                   // why a program could not start
  std::unique_ptr<session::ToolSide> tools;    // null: there are none
  std::optional<session::Family> family;       // with tools
  std::unique_ptr<session::SandboxGate> gate;  // with tools
  // What it gets of the CPUs, over all its runs.
  std::optional<sched::GroupHandle> cpu_share;
  session::Floor floor;
  session::CodeSessions code{
      *this, [](State& self, session::CodeCall& call) { self.floor.tell(call.done); }};
  std::unique_ptr<kernel::Kernel> kernel;
  session::Programs programs{*this};
  session::Attendant attendant{*this};
  session::FileWatches watches;

  // A number for what the kernel is to start.
  uint32_t new_job() { return ++last_job; }
  uint32_t last_job = 0;
};

}  // namespace cloche
