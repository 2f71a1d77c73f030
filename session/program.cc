#include "session/program.h"

#include <algorithm>

#include "base/printable.h"
#include "session/failures.h"
#include "session/sandbox_state.h"

namespace cloche::session {
namespace {

constexpr int64_t kForever = kernel::Call::kNoDeadline;
constexpr int64_t kLongestDrain = 1'000'000'000;  // of a screen that nobody reads

}  // namespace

Program::Program(Sandbox::State& sandbox, Asked asked, std::unique_ptr<Streams> streams,
                 kernel::StartOptions start)
    : sandbox_(sandbox),
      asked_(std::move(asked)),
      streams_(std::move(streams)),
      watch_({*sandbox.kernel, sandbox.clock, sandbox.limits, streams_->budget(),
              *sandbox.world.budget, sandbox.kernel->usage(), asked_.job, asked_.timeout}),
      start_(*sandbox.kernel, watch_, std::move(start), sandbox.last_log_line) {}

Program::~Program() { sandbox_.kernel->forget_time(job()); }

void Program::go_on_starting() {
  if (!start_.pending()) return;
  if (start_.may_go_on()) sandbox_.last_log_line.clear();
  start_.go_on();  // also while it compiles: time for the host's own programs is none of the run's
  if (start_.pending()) return;
  streams_->close();
  (void)sandbox_.kernel->usage();  // its peak: before the first turn
  if (start_.pid() != 0) record()->tell_started(start_.pid());
}

void Program::serve_requests() {
  Requests& requests = record()->requests;
  const uint64_t signals = requests.take_signals();
  for (int32_t signo = 1; signals != 0 && signo <= 64; ++signo) {
    if (signals >> (signo - 1) & 1) deliver(signo);
  }
  WindowSize size;
  if (requests.take_window(size)) set_window(size);
  if (requests.take_kill()) cancel();
  deliver_unheard();
}

void Program::deliver(int32_t signo) {
  if (start_.pending()) {
    if (ProgramStart::is_fatal(signo)) interrupted_ = signo;
    return;
  }
  if (stopped_) return;
  const int32_t foreground = streams_->tty() ? streams_->tty()->foreground() : 0;
  if (sandbox_.kernel->signal(-(foreground > 0 ? foreground : start_.pid()), signo).ok()) return;
  (void)sandbox_.kernel->signal(start_.pid(), signo).ok();
}

void Program::set_window(WindowSize size) {
  if (streams_->tty()) streams_->tty()->set_window({size.rows, size.columns, 0, 0});
}

// A key that is a signal, typed before the program was there to get it.
void Program::deliver_unheard() {
  if (!start_.pending() || !streams_->tty()) return;
  if (const int32_t key = streams_->tty()->take_unheard(); key != 0) deliver(key);
}

void Program::cancel() { cancelled_ = true; }

bool Program::ended() {
  if (start_.failure()) {
    result_ = *start_.failure();
    return true;
  }
  if (interrupted_ != 0) {
    result_.outcome = Outcome::kSignaled;
    result_.signal = interrupted_;
    return true;
  }
  if (watch_.finished(result_)) {
    if (sandbox_.tools) sandbox_.tools->record_stop(result_, "");
    return true;
  }
  if (cancelled_) result_.outcome = Outcome::kCancelled;
  return cancelled_;
}

bool Program::over(Alone alone) {
  if (!stopped_) {
    if (!ended()) return false;
    stop(alone);
  }
  TerminalPump* const pump = streams_->pump();
  if (pump == nullptr || pump->drain()) return true;
  return cancelled_ || sandbox_.clock.monotonic_ns() >= drain_until_;
}

// Nothing of it is left.
void Program::stop(Alone alone) {
  kernel::Kernel& kernel = *sandbox_.kernel;
  (void)kernel.usage();  // the peak of memory may be now
  if (alone == Alone::kYes) {
    kernel.kill_all(kernel::Kernel::GiveBack::kSoon);
  } else {
    kernel.kill_job(job());
  }
  kernel::ExitStatus collected;
  (void)kernel.collect(start_.pid(), &collected);
  streams_->close();
  stopped_ = true;
  drain_until_ = sandbox_.clock.monotonic_ns() + kLongestDrain;
}

RunResult Program::take_result(bool others) {
  sandbox_.kernel->settle_compiling();
  watch_.fill_usage(result_);
  streams_->put_output(result_);
  if (!sandbox_.tools) return std::move(result_);
  sandbox_.tools->take_calls(job(), others ? ToolSide::Others::kSome : ToolSide::Others::kNone,
                             result_);
  sandbox_.tools->end_commands();
  sandbox_.tools->record_end(result_, "", ToolSide::Ended::kRun, job());
  return std::move(result_);
}

std::optional<Failure> Program::failure() const {
  if (!start_.no_room()) return std::nullopt;
  return failure_of(*start_.no_room(), "starting " + printable(asked_.name));
}

bool Program::serve_terminal(bool waiting) {
  TerminalPump* const pump = streams_->pump();
  if (pump == nullptr || stopped_) return false;
  if (pump->pump()) return true;
  // Only the keyboard could wake anybody, and it has nothing more to give.
  if (!waiting || !pump->ignored() || sandbox_.kernel->next_deadline() != kForever) return false;
  pump->hang_up();
  return true;
}

int64_t Program::deadline() const { return stopped_ ? drain_until_ : watch_.deadline(); }

}  // namespace cloche::session
