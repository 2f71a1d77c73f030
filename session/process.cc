#include <algorithm>

#include "session/process_state.h"

namespace cloche {
namespace {

constexpr std::chrono::hours kLongest{24 * 365};

}  // namespace

bool Process::State::wait_ended_for(std::chrono::nanoseconds timeout) {
  const auto until = std::chrono::steady_clock::now() +
                     std::clamp<std::chrono::nanoseconds>(timeout, {}, kLongest);
  std::unique_lock lock(mutex);
  return changed.wait_until(lock, until, [this] { return ended; });
}

Process::Process(std::shared_ptr<State> state) : state_(std::move(state)) {}
Process::Process(Process&&) noexcept = default;

Process& Process::operator=(Process&& other) noexcept {
  const Process old(std::move(*this));
  state_ = std::move(other.state_);
  return *this;
}

Process::~Process() {
  if (state_ && !state_->detached) state_->requests.ask_kill();
}

int Process::pid() const {
  const std::lock_guard lock(state_->mutex);
  return state_->pid;
}

const RunResult& Process::wait() const {
  state_->wait_ended();
  return state_->result;
}

const RunResult* Process::wait_for(std::chrono::nanoseconds timeout) const {
  return state_->wait_ended_for(timeout) ? &state_->result : nullptr;
}

const RunResult* Process::poll() const { return wait_for({}); }

void Process::signal(int signo) noexcept { state_->requests.ask_signal(signo); }
void Process::kill() noexcept { state_->requests.ask_kill(); }
void Process::resize(WindowSize window) noexcept { state_->requests.ask_window(window); }

int Process::descriptor(End end) const { return state_->ends[static_cast<size_t>(end)].get(); }

int Process::take_descriptor(End end) { return state_->ends[static_cast<size_t>(end)].release(); }

void Process::close_descriptor(End end) { state_->ends[static_cast<size_t>(end)].reset(); }

void Process::detach() {
  state_->detached = true;
  for (OwnedFd& end : state_->ends) end.reset();
}

}  // namespace cloche
