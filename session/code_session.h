// Interpreters that live from call to call (docs/sessions.md): processes of the guest that run a
// program of ours, to which the host says over a line of its own what code to run.
//
// Thread class: that of the kernel; call between two Kernel::run().
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "include/cloche/cloche.hpp"
#include "kernel/host_stream.h"
#include "session/driver_message.h"
#include "session/run_watch.h"

namespace cloche::session {

struct CodeSession;

// One cell, from its beginning to its result. Belongs to the thread that called run_code().
struct CodeCall {
  explicit CodeCall(CodeOptions asked) : options(std::move(asked)) {}

  CodeOptions options;
  CodeResult result;
  std::atomic<bool> done = false;  // then the result holds, and nothing else uses the call

  // --- of CodeSessions
  enum class Stop : uint8_t { kNone, kAsked, kTimeout, kWallTime, kCpuTime };
  CodeSession* session = nullptr;
  std::optional<RunWatch> watch;
  uint64_t id = 0;
  Stop stop = Stop::kNone;    // why it was interrupted
  bool interrupted = false;   // SIGINT was sent
  Stop late = Stop::kNone;    // why it will be, at interrupt_at
  int64_t interrupt_at = 0;   // monotonic ns; kNoDeadline: never
  int64_t cpu_interrupt = 0;  // CPU time of the call, ns
  int64_t kill_at = 0;        // after it was interrupted
};

class CodeSessions {
 public:
  static constexpr size_t kMaxSessions = 64;

  // `tell` is called when a call is done.
  using Tell = void (*)(Sandbox::State& sandbox, CodeCall& call);
  CodeSessions(Sandbox::State& sandbox, Tell tell);
  ~CodeSessions();
  CodeSessions(const CodeSessions&) = delete;
  CodeSessions& operator=(const CodeSessions&) = delete;

  // What is wrong with a call, whatever the sandbox is like.
  static std::optional<Failure> check(const CodeOptions& options);

  // Starts a session if need be, and gives it the code. The call is under way, or done. Errors:
  // kBusy, kResourceExhausted, kIo (the audit log).
  std::optional<Failure> begin(CodeCall& call);
  // Ends the calls that are over, interrupts those that are late, and forgets sessions that ended.
  void look();
  // As Sandbox::interrupt() and close_session().
  bool interrupt(Language language, const std::string& name);
  bool close(Language language, const std::string& name);
  // A signal for all sessions in which code runs.
  void signal(int32_t signo);
  // Ends all calls and their sessions.
  void cancel_all();
  // The limits of the sandbox have changed.
  void limits_changed();

  bool any() const { return !sessions_.empty(); }
  size_t under_way() const { return calls_.size(); }
  const CodeCall* first() const { return calls_.empty() ? nullptr : calls_.front(); }
  std::vector<SessionInfo> list() const;
  // How long the kernel may run before look() must be asked again, at most `longest` ns; and the
  // monotonic time at which it must, also when nothing happens.
  int64_t slice(int64_t longest);
  int64_t deadline() const;

 private:
  using Key = std::pair<Language, std::string>;

  Expected<CodeSession*> open(CodeCall& call);
  bool start(CodeSession& session, RunResult& result);
  void set_deadlines(CodeCall& call);
  void send(CodeCall& call);
  bool is_over(CodeCall& call);
  bool take_reply(CodeCall& call);
  void put_reply(CodeCall& call, CellReply reply);
  void stop_late(CodeCall& call);
  void ask_to_stop(CodeCall& call, CodeCall::Stop why);
  void send_interrupt(CodeCall& call);
  bool ignored(CodeCall& call);
  bool broken(CodeCall& call, const std::string& why);
  void end_at_limit(CodeCall& call, Outcome outcome, const char* limit);
  void finish(CodeCall& call);
  void drop(CodeSession& session);

  Sandbox::State& sandbox_;
  const Tell tell_;
  std::map<Key, std::unique_ptr<CodeSession>> sessions_;
  std::vector<CodeCall*> calls_;  // under way
  std::set<Key> ended_;           // sessions that ended without being asked to
  uint64_t last_id_ = 0;
};

}  // namespace cloche::session
