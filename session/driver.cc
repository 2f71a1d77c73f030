#include "session/driver.h"

#include <algorithm>

#include "kernel/io_state.h"
#include "session/sandbox_state.h"

namespace cloche::session {
namespace {

using kernel::Kernel;

bool turn_should_yield(void* env) noexcept {
  return static_cast<sched::Turn*>(env)->should_yield();
}

sched::Outcome done() {
  sched::Outcome outcome;
  outcome.then = sched::Outcome::Then::kDone;
  return outcome;
}

}  // namespace

Driver::Driver(Sandbox::State& sandbox, MayEnd may_end)
    : sandbox_(sandbox),
      kernel_(*sandbox.kernel),
      may_end_(std::move(may_end)),
      compiled_ns_(kernel_.compile_cpu_ns()) {}

sched::Outcome Driver::run(sched::Turn& turn) noexcept {
  int64_t compiled = 0;
  {
    const sched::Turn::HostWork host_work(turn);
    look_at_host();
    serve_requests();
    sandbox_.control.serve();
    if (sandbox_.tools) sandbox_.tools->deliver();
    compiled = pay_compiler(turn);
    sandbox_.programs.go_on_starting();
    look();
  }
  compiled += pay_compiler(turn);
  if (may_end_()) return done();
  if (sandbox_.programs.all_starting() && !sandbox_.code.any()) return sleep();
  if (compiled >= turn.slice_ns()) {  // no more for now: this turn is used up
    list_waits();
    return {};
  }
  const kernel::Question should_stop{&turn_should_yield, &turn};
  bool waiting =
      sandbox_.paused || kernel_.run(slice(turn.slice_ns()), should_stop) == Kernel::Idle::kWaiting;
  {
    const sched::Turn::HostWork host_work(turn);
    kernel_.note_peak();
    if (sandbox_.programs.serve_terminals(waiting)) waiting = false;
    look();
  }
  (void)pay_compiler(turn);
  if (may_end_()) return done();
  if (waiting) return sleep();
  list_waits();
  return {};
}

// What was compiled meanwhile, on another thread; returns how long that took.
int64_t Driver::pay_compiler(sched::Turn& turn) {
  kernel_.settle_compiling();
  const int64_t now = kernel_.compile_cpu_ns();
  const int64_t spent = now - std::exchange(compiled_ns_, now);
  turn.add_guest_time(spent);
  return spent;
}

sched::Outcome Driver::sleep() {
  list_waits();
  slept_ = true;
  return {sched::Outcome::Then::kSleep, wake_up_at(), waits_};
}

int64_t Driver::slice(int64_t longest) {
  return sandbox_.code.slice(sandbox_.programs.slice(longest));
}

// Tells who waits for what is over.
void Driver::look() {
  sandbox_.code.look();
  sandbox_.programs.look();
  if (!sandbox_.requests.take_kill()) return;
  sandbox_.code.cancel_all();
  sandbox_.programs.cancel_all();
}

// When something happens inside by itself.
int64_t Driver::wake_up_at() {
  int64_t until = std::min(sandbox_.code.deadline(), sandbox_.programs.deadline());
  if (!sandbox_.paused) until = std::min(until, kernel_.next_deadline());
  if (sandbox_.tools) until = std::min(until, sandbox_.tools->next_deadline());
  return until;
}

void Driver::serve_requests() {
  const uint64_t signals = sandbox_.requests.take_signals();
  for (int32_t signo = 1; signals != 0 && signo <= 64; ++signo) {
    if (!(signals >> (signo - 1) & 1)) continue;
    sandbox_.programs.signal(signo);
    sandbox_.code.signal(signo);
  }
  WindowSize size;
  if (sandbox_.requests.take_window(size)) sandbox_.programs.resize(size);
  sandbox_.programs.serve_requests();
}

// The descriptors that guests wait for, and the bell.
void Driver::list_waits() {
  waits_.assign(1, {sandbox_.requests.bell(), POLLIN});
  for (const kernel::HostWait& wait : kernel_.io().host().waits()) {
    waits_.push_back({wait.fd, wait.events});
  }
  guests_ = waits_.size();
  sandbox_.programs.add_waits(waits_);
}

// Which of those are ready.
void Driver::look_at_host() {
  // A busy guest needs no system call to see that the bell rang: requests are flags. The bell only
  // ends sleeps.
  const bool slept = std::exchange(slept_, false);
  if (!slept && waits_.size() <= 1) return;
  polled_.clear();
  for (const sched::FdWait& wait : waits_) {
    polled_.push_back({wait.fd, static_cast<short>(wait.events), 0});
  }
  if (poll(polled_.data(), polled_.size(), 0) <= 0) return;
  if (polled_[0].revents != 0) sandbox_.requests.silence();
  for (size_t i = 1; i < guests_; ++i) {
    if (polled_[i].revents != 0) kernel_.io().host().ready(polled_[i].fd);
  }
  sandbox_.programs.pump();
}

}  // namespace cloche::session
