#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace cloche::cli {
namespace {

// What signal handlers need to know; written before they are installed. A process has one
// controlling terminal, so one record is enough.
struct Saved {
  int fd = -1;
  termios before{}, raw{};
};
Saved saved;  // NOLINT: signal handlers have no other way to it

constexpr int kFatalSignals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGPIPE};

void give_back() {
  if (saved.fd >= 0) tcsetattr(saved.fd, TCSANOW, &saved.before);
}

void on_fatal(int signo) {
  give_back();
  signal(signo, SIG_DFL);
  raise(signo);
}

void on_stop(int) {
  give_back();
  raise(SIGSTOP);
}

void on_continue(int) {
  if (saved.fd >= 0) tcsetattr(saved.fd, TCSANOW, &saved.raw);
}

void handle(int signo, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(signo, &action, nullptr);
}

// Only where nobody else listens: the engine handles the guests' traps, the command the rest.
void handle_if_default(int signo, void (*handler)(int)) {
  struct sigaction present{};
  sigaction(signo, nullptr, &present);
  if ((present.sa_flags & SA_SIGINFO) == 0 && present.sa_handler == SIG_DFL) {
    handle(signo, handler);
  }
}

}  // namespace

std::optional<WindowSize> window_size(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) {
    return std::nullopt;
  }
  return WindowSize{size.ws_row, size.ws_col};
}

RawTerminal::RawTerminal(int fd) {
  if (saved.fd >= 0 || tcgetattr(fd, &saved.before) != 0) return;
  saved.raw = saved.before;
  cfmakeraw(&saved.raw);
  saved.fd = fd;
  for (const int signo : kFatalSignals) handle_if_default(signo, on_fatal);
  handle_if_default(SIGTSTP, on_stop);
  handle_if_default(SIGCONT, on_continue);
  tcsetattr(fd, TCSADRAIN, &saved.raw);
  active_ = true;
}

RawTerminal::~RawTerminal() {
  if (!active_) return;
  tcsetattr(saved.fd, TCSADRAIN, &saved.before);
  saved.fd = -1;
  for (const int signo : {SIGTSTP, SIGCONT}) handle(signo, SIG_DFL);
}

}  // namespace cloche::cli
