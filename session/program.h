// One program that the host started in a sandbox, by run() or spawn(), from its start to its
// result.
#pragma once

#include <memory>
#include <optional>

#include "include/cloche/cloche.hpp"
#include "session/process_state.h"
#include "session/program_start.h"
#include "session/run_watch.h"
#include "session/streams.h"

namespace cloche::session {

// Thread class: that of the kernel; call between two Kernel::run().
class Program {
 public:
  enum class Kind : uint8_t { kRun, kSpawned };
  struct Asked {
    std::shared_ptr<Process::State> record;
    Kind kind = Kind::kRun;
    uint32_t job = 0;
    std::chrono::nanoseconds timeout = {};  // zero: that of the sandbox
    std::string name = {};                  // for messages
  };
  Program(Sandbox::State& sandbox, Asked asked, std::unique_ptr<Streams> streams,
          kernel::StartOptions start);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  Kind kind() const { return asked_.kind; }
  const std::shared_ptr<Process::State>& record() const { return asked_.record; }
  uint32_t job() const { return asked_.job; }
  RunWatch& watch() { return watch_; }
  Streams& streams() { return *streams_; }

  // It is not started yet; starts it as soon as that can be.
  bool starting() const { return start_.pending(); }
  void go_on_starting();

  // What was asked of it alone.
  void serve_requests();
  // To the terminal's foreground group if there is one, else to the group the program leads. A
  // program that is not started yet has no handler and ends as by default.
  void deliver(int32_t signo);
  void set_window(WindowSize size);
  // It is to end with this.
  void cancel();

  // Whether it is over, and nothing of it is left, but for what is still on its way to a terminal's
  // screen. Ends it when it has to. `alone`: nothing else is in the sandbox.
  enum class Alone : uint8_t { kNo, kYes };
  bool over(Alone alone);
  // Of one that is over: all of it.
  RunResult take_result(bool others);
  // Why there is no result.
  std::optional<Failure> failure() const;

  // True: programs that waited may go on. `waiting`: all do.
  bool serve_terminal(bool waiting);
  int64_t deadline() const;

 private:
  bool ended();
  void stop(Alone alone);
  void deliver_unheard();

  Sandbox::State& sandbox_;
  const Asked asked_;
  const std::unique_ptr<Streams> streams_;
  RunWatch watch_;
  ProgramStart start_;
  int32_t interrupted_ = 0;  // by this signal, before it was started
  bool cancelled_ = false;
  bool stopped_ = false;
  int64_t drain_until_ = 0;  // once it is stopped; monotonic ns
  RunResult result_;
};

}  // namespace cloche::session
