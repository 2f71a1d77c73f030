// All programs that the host has started in a sandbox and that are not over: those of run() and
// those that go on by themselves.
//
// Thread class: that of the kernel; call between two Kernel::run(). spawned() is safe.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "include/cloche/cloche.hpp"
#include "sched/reactor.h"
#include "session/program.h"

namespace cloche::session {

class Programs {
 public:
  explicit Programs(Sandbox::State& sandbox) : sandbox_(sandbox) {}
  ~Programs();
  Programs(const Programs&) = delete;
  Programs& operator=(const Programs&) = delete;

  // What is wrong with a run, whatever the sandbox is like.
  static std::optional<Failure> check(const RunOptions& options, Program::Kind kind);
  // Puts the program on record and into the line of those that start. Errors: kInvalidArgument (the
  // working folder), kResourceExhausted, kIo (the audit log).
  std::optional<Failure> begin(std::shared_ptr<Process::State> record, RunOptions options,
                               Program::Kind kind);
  // The kernel starts one program at a time: starts those whose turn it is.
  void go_on_starting();
  bool starting() const;      // one is waiting for that
  bool all_starting() const;  // nothing else is there

  // What was asked of each alone.
  void serve_requests();
  // For the programs of run().
  void signal(int32_t signo);
  void resize(WindowSize size);
  // Ends those that are over, and tells who waits for them.
  void look();
  // Ends all, or what is not of run().
  void cancel_all();
  void cancel_spawned();
  // Ends the one with this record.
  void cancel(const Process::State& record);
  // The limits of the sandbox have changed.
  void limits_changed();

  // How long the kernel may run before look() must be asked again, at most `longest` ns; and the
  // monotonic time at which it must, also when nothing happens.
  int64_t slice(int64_t longest);
  int64_t deadline() const;

  // Moves what can be moved between terminals and the host.
  void pump();
  void add_waits(std::vector<sched::FdWait>& waits);
  // True: programs that waited may go on. `waiting`: all do.
  bool serve_terminals(bool waiting);

  size_t count() const { return programs_.size(); }
  size_t spawned() const { return spawned_.load(); }
  // What shows as the run under way: one of run(), if there is one; null: there is none at all.
  Program* first() const;
  uint64_t output_bytes() const;

 private:
  Expected<std::string> place(RunOptions& options);
  std::optional<Failure> record_start(const RunOptions& options, uint32_t job);
  void finish(size_t at);

  Sandbox::State& sandbox_;
  std::vector<std::unique_ptr<Program>> programs_;  // in the order of begin()
  std::atomic<size_t> spawned_ = 0;
};

}  // namespace cloche::session
