#include "cli/interrupts.h"

#include <atomic>
#include <cerrno>
#include <csignal>

#include "cli/terminal.h"

namespace cloche::cli {
namespace {

constexpr int kForwarded[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

// Signal handlers have no other way to these.
std::atomic<Sandbox*> target{nullptr};
std::atomic<int> last{0};
std::atomic<int> demands{0};
std::atomic<int> window{-1};

void on_interrupt(int signo) {
  const int saved_errno = errno;
  Sandbox* const sandbox = target.load();
  last.store(signo);
  const bool insists = (signo == SIGINT || signo == SIGTERM) && demands.fetch_add(1) > 0;
  if (sandbox != nullptr) {
    if (insists) {
      sandbox->kill();
    } else {
      sandbox->signal(signo);
    }
  }
  errno = saved_errno;
}

void on_resize(int) {
  const int saved_errno = errno;
  Sandbox* const sandbox = target.load();
  if (sandbox != nullptr) {
    if (const auto size = window_size(window.load())) sandbox->resize(*size);
  }
  errno = saved_errno;
}

void handle(int signo, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(signo, &action, nullptr);
}

bool ignored(int signo) {
  struct sigaction present{};
  sigaction(signo, nullptr, &present);
  return (present.sa_flags & SA_SIGINFO) == 0 && present.sa_handler == SIG_IGN;
}

}  // namespace

Interrupts::Interrupts(Sandbox& sandbox, int window_fd) {
  target.store(&sandbox);
  window.store(window_fd);
  // What the caller ignores (nohup, a background job of a shell) stays ignored.
  for (const int signo : kForwarded) {
    if (!ignored(signo)) handle(signo, on_interrupt);
  }
  if (window_fd >= 0) handle(SIGWINCH, on_resize);
}

Interrupts::~Interrupts() {
  for (const int signo : kForwarded) {
    if (!ignored(signo)) handle(signo, SIG_DFL);
  }
  handle(SIGWINCH, SIG_DFL);
  target.store(nullptr);
}

int Interrupts::last_signal() const { return last.load(); }

}  // namespace cloche::cli
