#include "session/code_session.h"

#include <algorithm>

#include "base/printable.h"
#include "base/utf8.h"
#include "kernel/syscalls/user_time.h"
#include "session/failures.h"
#include "session/options.h"
#include "session/sandbox_state.h"

namespace cloche::session {

struct CodeSession {
  Language language = Language::kPython;
  std::string name;
  int32_t pid = 0;
  uint32_t job = 0;
  uint64_t cells = 0;
  CodeCall* call = nullptr;  // under way
  Ref<kernel::HostLine> line;
  Ref<kernel::MemorySource> input = make_ref<kernel::MemorySource>();
  Ref<kernel::Capture> out = make_ref<kernel::Capture>(), err = make_ref<kernel::Capture>();
  Ref<kernel::OutputBudget> budget;
  Ref<kernel::OutputLoss> out_loss = make_ref<kernel::OutputLoss>();
  Ref<kernel::OutputLoss> err_loss = make_ref<kernel::OutputLoss>();
};

namespace {

constexpr int64_t kForever = kernel::Call::kNoDeadline;
constexpr int32_t kSigInt = 2;
constexpr int64_t kEarly = 1'000'000'000;  // code is interrupted so long before a limit, at most
constexpr int64_t kEarlyShare = 10;        // of the limit
constexpr int64_t kShortestSlice = 1'000;
constexpr size_t kMaxName = 64;
constexpr std::chrono::hours kMaxGrace{24};
constexpr uint64_t kNoLineBytes = 4096;  // what a session may say while nobody asked

bool is_name(const std::string& name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !name.empty() && name.size() <= kMaxName && std::all_of(name.begin(), name.end(), fits);
}

std::vector<std::string> driver_of(Language language) {
  const std::string line = std::to_string(kDriverLine);
  if (language == Language::kJavaScript) return {"js", "--session", line};
  // -P: a file of the working folder is not taken for a module of the driver's.
  return {"python3", "-P", "-c", "from _cloche_session import main; main()", line};
}

// When to interrupt code that a limit of `limit` ns would end; 0: there is no limit.
int64_t shortly_before(int64_t limit) {
  return limit == 0 ? kForever : limit - std::min(kEarly, limit / kEarlyShare);
}

std::string seconds(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) +
         " ms";
}

}  // namespace

CodeSessions::CodeSessions(Sandbox::State& sandbox, Tell tell) : sandbox_(sandbox), tell_(tell) {}
CodeSessions::~CodeSessions() = default;

std::optional<Failure> CodeSessions::check(const CodeOptions& options) {
  if (!is_name(options.session)) {
    return invalid("session '" + printable(options.session.substr(0, kMaxName)) +
                   "': a name is 1 to 64 letters, digits, '-', '_' and '.'");
  }
  if (options.code.size() > CodeOptions::kMaxCode) {
    return invalid("the code has " + std::to_string(options.code.size()) + " bytes, more than " +
                   std::to_string(CodeOptions::kMaxCode) +
                   "; put it into a file of the sandbox and import that");
  }
  if (!is_utf8(options.code)) return invalid("the code is not UTF-8");
  if (options.timeout && options.timeout->count() <= 0) {
    return invalid("the time-out of a call must be more than zero");
  }
  if (options.grace.count() < 0 || options.grace > kMaxGrace) {
    return invalid("the grace of a call must be from zero to 24 hours");
  }
  if (options.value_bytes == 0 || options.value_bytes > CodeOptions::kMaxValueBytes) {
    return invalid("value_bytes must be from 1 to " + std::to_string(CodeOptions::kMaxValueBytes));
  }
  return std::nullopt;
}

std::optional<Failure> CodeSessions::begin(CodeCall& call) {
  const kernel::KernelUsage before = sandbox_.kernel->usage();
  auto session = open(call);
  if (!session) return session.error();
  CodeSession& opened = **session;
  call.result.cell = opened.cells + 1;
  if (sandbox_.tools) {
    if (calls_.empty() && sandbox_.programs.count() == 0) sandbox_.tools->forget_recorded();
    if (auto failure = sandbox_.tools->record_cell(call.options, call.result.cell)) {
      if (opened.pid == 0) drop(opened);
      return failure;
    }
  }
  const bool running = opened.pid != 0 || start(opened, call.result);
  if (!running) {
    if (sandbox_.tools) sandbox_.tools->record_end(call.result, "", ToolSide::Ended::kCell);
    call.result.cell = 0;
    drop(opened);
    tell_(sandbox_, call);
    return std::nullopt;
  }
  call.session = &opened;
  opened.call = &call;
  call.watch.emplace(RunWatch::Subject{*sandbox_.kernel, sandbox_.clock, sandbox_.limits,
                                       *opened.budget, *sandbox_.world.budget, before, opened.job});
  call.watch->started(opened.pid);
  calls_.push_back(&call);
  set_deadlines(call);
  send(call);
  return std::nullopt;
}

// The session of a call, perhaps one that has no process yet.
Expected<CodeSession*> CodeSessions::open(CodeCall& call) {
  const Key key(call.options.language, call.options.session);
  const auto found = sessions_.find(key);
  if (found != sessions_.end() && found->second->call != nullptr) {
    return Failure{Failure::Kind::kBusy, "session '" + key.second +
                                             "' runs another call: wait for it, interrupt it, or "
                                             "name another session"};
  }
  if (found != sessions_.end()) return found->second.get();
  if (sessions_.size() >= kMaxSessions) {
    return Failure{Failure::Kind::kResourceExhausted,
                   "there are " + std::to_string(kMaxSessions) +
                       " sessions already, as many as there may be: close one"};
  }
  call.result.session_restarted = ended_.erase(key) > 0;
  auto session = std::make_unique<CodeSession>();
  session->language = key.first;
  session->name = key.second;
  session->budget = make_ref<kernel::OutputBudget>(sandbox_.limits.output);
  session->line = make_ref<kernel::HostLine>(kNoLineBytes);
  return (sessions_[key] = std::move(session)).get();
}

// False: it could not be started, and the result says why.
bool CodeSessions::start(CodeSession& session, RunResult& result) {
  kernel::Kernel& kernel = *sandbox_.kernel;
  kernel::StartOptions start;
  start.argv = driver_of(session.language);
  start.path = start.argv[0];
  start.envp = sandbox_.environment;
  start.cwd = sandbox_.options.workdir;
  start.job = session.job = sandbox_.new_job();
  start.files = {
      {0, kernel::shared_input(kernel, session.input)},
      {1, kernel::memory_output(kernel, session.out, {session.budget, session.out_loss})},
      {2, kernel::memory_output(kernel, session.err, {session.budget, session.err_loss})},
      {kDriverLine, kernel::open_line(kernel, session.line)}};
  if (sandbox_.tools) start.authority = sandbox_.tools->authority();
  const std::string program = start.path;
  sandbox_.last_log_line.clear();
  const auto pid = kernel.start(std::move(start));
  if (!pid.ok()) {
    result = not_started(pid.error(), program, sandbox_.last_log_line, kernel.refused_for());
    return false;
  }
  session.pid = *pid;
  return true;
}

void CodeSessions::set_deadlines(CodeCall& call) {
  const int64_t start = sandbox_.clock.monotonic_ns() - call.watch->wall_ns();
  int64_t wall = shortly_before(sandbox_.limits.timeout.count());
  call.late = CodeCall::Stop::kWallTime;
  if (call.options.timeout && call.options.timeout->count() < wall) {
    call.late = CodeCall::Stop::kTimeout;
    wall = call.options.timeout->count();
  }
  call.interrupt_at = kernel::deadline_after(start, wall);
  call.cpu_interrupt = shortly_before(sandbox_.limits.cpu_time.count());
}

void CodeSessions::send(CodeCall& call) {
  CodeSession& session = *call.session;
  session.line->set_most(longest_reply(call.options.value_bytes));
  (void)session.line->take();  // nobody asked for what it said until now
  session.input->refill(std::move(call.options.standard_input));
  call.id = ++last_id_;
  call.result.cell = ++session.cells;
  session.line->send(write_cell_request({.id = call.id,
                                         .name = "<cell " + std::to_string(session.cells) + ">",
                                         .code = call.options.code,
                                         .value_bytes = call.options.value_bytes,
                                         .has_input = session.input->size() > 0}));
  call.options.code = {};
}

void CodeSessions::look() {
  for (const auto calls = calls_; CodeCall* const call : calls) {
    if (is_over(*call)) {
      finish(*call);
    } else {
      stop_late(*call);
    }
  }
  std::vector<CodeSession*> gone;
  for (const auto& [key, session] : sessions_) {
    kernel::ExitStatus status;
    if (session->call == nullptr && sandbox_.kernel->collect(session->pid, &status)) {
      gone.push_back(session.get());
    }
  }
  for (CodeSession* const session : gone) {
    ended_.insert({session->language, session->name});
    drop(*session);
  }
}

bool CodeSessions::is_over(CodeCall& call) {
  // An answer counts although its session ended since, but not beyond a limit.
  if (take_reply(call)) return true;
  if (call.watch->finished(call.result)) {
    if (sandbox_.tools) sandbox_.tools->record_stop(call.result, "");
    call.result.session_ended = true;
    return true;
  }
  return ignored(call);
}

bool CodeSessions::take_reply(CodeCall& call) {
  kernel::HostLine& line = *call.session->line;
  if (call.session->budget->exceeded() && sandbox_.limits.output_over == OutputOver::kKill) {
    return false;  // the watch ends it
  }
  auto reply = read_cell_reply(line.received(), call.options.value_bytes);
  if (!reply.ok()) return broken(call, "what it says cannot be read: " + reply.error());
  if (line.overflowed()) return broken(call, "it says more than it may");
  if (*reply) {
    (void)line.take();
    if ((*reply)->id != call.id) return broken(call, "it answers what nobody asked");
    put_reply(call, *std::move(*reply));
    return true;
  }
  kernel::Process* const process = sandbox_.kernel->find(call.session->pid);
  if (!line.closed() || process == nullptr || process->exiting) return false;
  return broken(call, "its code closed the descriptor over which it answers");
}

void CodeSessions::put_reply(CodeCall& call, CellReply reply) {
  CodeResult& result = call.result;
  result.value = std::move(reply.value);
  result.repr = std::move(reply.repr);
  result.displays = std::move(reply.displays);
  result.error_type = printable(reply.error_type);
  result.error_message = std::move(reply.error_message);
  result.traceback = std::move(reply.traceback);
  switch (call.stop) {
    case CodeCall::Stop::kNone:
    case CodeCall::Stop::kAsked:
      result.outcome = Outcome::kExited;
      result.exit_code = reply.exit_code;
      return;
    case CodeCall::Stop::kTimeout:
      result.outcome = Outcome::kTimeout;
      return;
    case CodeCall::Stop::kWallTime:
      return end_at_limit(call, Outcome::kTimeout, "wall.time");
    case CodeCall::Stop::kCpuTime:
      return end_at_limit(call, Outcome::kLimit, "cpu.time");
  }
}

void CodeSessions::end_at_limit(CodeCall& call, Outcome outcome, const char* limit) {
  (void)call.watch->stop(call.result, outcome, limit);
  if (sandbox_.tools) sandbox_.tools->record_stop(call.result, "");
}

bool CodeSessions::broken(CodeCall& call, const std::string& why) {
  call.result.outcome = Outcome::kError;
  call.result.error_type = "session_broken";
  call.result.error_message = "the session was ended, as " + why;
  call.result.session_ended = true;
  return true;
}

void CodeSessions::stop_late(CodeCall& call) {
  if (call.stop != CodeCall::Stop::kNone) return send_interrupt(call);
  if (sandbox_.clock.monotonic_ns() >= call.interrupt_at) {
    ask_to_stop(call, call.late);
  } else if (call.watch->cpu_ns() >= call.cpu_interrupt) {
    ask_to_stop(call, CodeCall::Stop::kCpuTime);
  }
}

void CodeSessions::ask_to_stop(CodeCall& call, CodeCall::Stop why) {
  call.stop = why;
  call.kill_at = kernel::deadline_after(sandbox_.clock.monotonic_ns(), call.options.grace.count());
  send_interrupt(call);
}

// Once. A driver that has not read the code yet may not be ready for it.
void CodeSessions::send_interrupt(CodeCall& call) {
  if (call.interrupted || !call.session->line->all_read()) return;
  call.interrupted = true;
  const int32_t pid = call.session->pid;
  if (!sandbox_.kernel->signal(-pid, kSigInt).ok()) (void)sandbox_.kernel->signal(pid, kSigInt);
}

// It went on for too long after it was interrupted.
bool CodeSessions::ignored(CodeCall& call) {
  if (call.stop == CodeCall::Stop::kNone) return false;
  if (sandbox_.clock.monotonic_ns() < call.kill_at) return false;
  put_reply(call, {});
  if (call.stop == CodeCall::Stop::kAsked) call.result.outcome = Outcome::kCancelled;
  call.result.exit_code = -1;
  call.result.error_type = "session_ended";
  call.result.error_message = "the code went on for " + seconds(call.options.grace) +
                              " after it was interrupted, so its session was ended";
  call.result.session_ended = true;
  return true;
}

void CodeSessions::finish(CodeCall& call) {
  CodeSession& session = *call.session;
  CodeResult& result = call.result;
  session.call = nullptr;
  if (result.session_ended) sandbox_.kernel->kill_job(session.job);
  result.stdout_bytes = session.out->take();
  result.stderr_bytes = session.err->take();
  result.stdout_truncated = std::exchange(session.out_loss->truncated, false);
  result.stderr_truncated = std::exchange(session.err_loss->truncated, false);
  session.budget->begin_again();
  session.line->set_most(kNoLineBytes);
  call.watch->fill_usage(result);
  std::erase(calls_, &call);
  if (sandbox_.tools) {
    sandbox_.tools->end_commands();
    const bool alone = calls_.empty() && sandbox_.programs.count() == 0;
    sandbox_.tools->take_calls(session.job,
                               alone ? ToolSide::Others::kNone : ToolSide::Others::kSome, result);
    sandbox_.tools->record_end(result, "", ToolSide::Ended::kCell);
  }
  if (result.session_ended) {
    if (result.error_type.empty()) result.error_type = "session_ended";
    if (result.error_message.empty()) result.error_message = "the session ended with this call";
    ended_.insert({session.language, session.name});
    drop(session);
  }
  tell_(sandbox_, call);
}

void CodeSessions::drop(CodeSession& session) {
  if (session.pid != 0) {
    sandbox_.kernel->kill_job(session.job);
    sandbox_.kernel->forget_time(session.job);
  }
  sessions_.erase({session.language, session.name});
}

bool CodeSessions::interrupt(Language language, const std::string& name) {
  const auto found = sessions_.find({language, name});
  if (found == sessions_.end() || found->second->call == nullptr) return false;
  CodeCall& call = *found->second->call;
  if (call.stop == CodeCall::Stop::kNone) ask_to_stop(call, CodeCall::Stop::kAsked);
  return true;
}

bool CodeSessions::close(Language language, const std::string& name) {
  const Key key(language, name);
  const auto found = sessions_.find(key);
  const bool was_known = ended_.erase(key) > 0;
  if (found == sessions_.end()) return was_known;
  CodeSession& session = *found->second;
  if (session.call == nullptr) {
    drop(session);
    return true;
  }
  CodeCall& call = *session.call;
  call.result.session_ended = true;
  call.result.outcome = Outcome::kCancelled;
  finish(call);
  ended_.erase(key);
  return true;
}

void CodeSessions::signal(int32_t signo) {
  for (CodeCall* const call : calls_) {
    if (signo == kSigInt && call->stop == CodeCall::Stop::kNone) {
      ask_to_stop(*call, CodeCall::Stop::kAsked);
    } else {
      (void)sandbox_.kernel->signal(-call->session->pid, signo);
    }
  }
}

void CodeSessions::cancel_all() {
  for (const auto calls = calls_; CodeCall* const call : calls) {
    call->result.session_ended = true;
    call->result.outcome = Outcome::kCancelled;
    finish(*call);
  }
}

void CodeSessions::limits_changed() {
  for (const auto& [key, session] : sessions_) session->budget->set_limit(sandbox_.limits.output);
  for (CodeCall* const call : calls_) {
    call->watch->limits_changed();
    set_deadlines(*call);
  }
}

std::vector<SessionInfo> CodeSessions::list() const {
  std::vector<SessionInfo> all;
  for (const auto& [key, session] : sessions_) {
    all.push_back({.language = key.first,
                   .name = key.second,
                   .pid = session->pid,
                   .cells = session->cells,
                   .busy = session->call != nullptr});
  }
  return all;
}

int64_t CodeSessions::slice(int64_t longest) {
  const int64_t now = sandbox_.clock.monotonic_ns();
  for (CodeCall* const call : calls_) {
    longest = call->watch->slice(longest);
    const bool stopped = call->stop != CodeCall::Stop::kNone;
    const int64_t next = stopped ? call->kill_at : call->interrupt_at;
    longest = std::min(longest, std::max(next - now, kShortestSlice));
    if (stopped) continue;
    const int64_t cpu_left = call->cpu_interrupt - call->watch->cpu_ns();
    longest = std::min(longest, std::max(cpu_left, kShortestSlice));
  }
  return longest;
}

int64_t CodeSessions::deadline() const {
  int64_t first = kForever;
  for (const CodeCall* const call : calls_) {
    const bool stopped = call->stop != CodeCall::Stop::kNone;
    first =
        std::min({first, call->watch->deadline(), stopped ? call->kill_at : call->interrupt_at});
  }
  return first;
}

}  // namespace cloche::session
