#include "tools/command_handler.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>

#include "base/owned_fd.h"
#include "base/result.h"

extern char** environ;

namespace cloche::tools {
namespace {

constexpr int kLookMs = 50;  // how often a running command is asked whether it is still wanted

struct Pipe {
  OwnedFd read, write;
  static Result<Pipe> make() {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) return errno_error(errno, "pipe");
    return Pipe{OwnedFd(fds[0]), OwnedFd(fds[1])};
  }
};

// The process groups of commands that run, and whether their calls are over. A group stays here
// until its leader is collected, so that its number cannot be somebody else's.
class RunningGroups {
 public:
  // Gives what `start` gives, which makes the group; no call is cancelled unseen in between.
  template <class Start>
  int add(pid_t& group, const std::atomic<bool>& cancelled, Start start) {
    const std::lock_guard lock(mutex_);
    if (cancelled) return ECANCELED;
    const int failed = start();
    if (failed == 0) groups_.emplace(group, &cancelled);
    return failed;
  }
  void kill_and_forget(pid_t group) {
    const std::lock_guard lock(mutex_);
    ::kill(-group, SIGKILL);
    groups_.erase(group);
  }
  void kill_cancelled() {
    const std::lock_guard lock(mutex_);
    for (const auto& [group, cancelled] : groups_) {
      if (*cancelled) ::kill(-group, SIGKILL);
    }
  }

 private:
  std::mutex mutex_;
  std::map<pid_t, const std::atomic<bool>*> groups_;
};

// A started command and our ends of its streams.
class Command {
 public:
  static Result<Command> start(const std::string& line, const Invocation& call,
                               RunningGroups& running) {
    Pipe in = TRY(Pipe::make()), out = TRY(Pipe::make()), error = TRY(Pipe::make());
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, in.read.get(), 0);
    posix_spawn_file_actions_adddup2(&actions, out.write.get(), 1);
    posix_spawn_file_actions_adddup2(&actions, error.write.get(), 2);
    posix_spawnattr_setpgroup(&attributes, 0);
    // What this program blocks or ignores is not the command's affair.
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGQUIT}) sigaddset(&defaults, signal);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    const char* arguments[] = {"sh", "-c", line.c_str(), nullptr};
    Command command(running);
    const int failed =
        running.add(command.pid_, call.cancelled, [&command, &actions, &attributes, &arguments] {
          return ::posix_spawn(&command.pid_, "/bin/sh", &actions, &attributes,
                               const_cast<char**>(arguments), environ);
        });
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (failed != 0) {
      command.pid_ = -1;
      return errno_error(failed, "starting /bin/sh");
    }
    command.in_ = std::move(in.write);
    command.out_ = std::move(out.read);
    command.error_ = std::move(error.read);
    ::fcntl(command.in_.get(), F_SETFL, O_NONBLOCK);
    return command;
  }
  Command(Command&& other) noexcept
      : running_(other.running_),
        pid_(std::exchange(other.pid_, -1)),
        in_(std::move(other.in_)),
        out_(std::move(other.out_)),
        error_(std::move(other.error_)) {}
  Command& operator=(Command&&) = delete;
  ~Command() {
    if (pid_ > 0) (void)end();
  }

  // Kills its group, if that still runs, and collects it. The wait status.
  int end() {
    running_.kill_and_forget(pid_);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
    pid_ = -1;
    return status;
  }

  // Moves bytes until both outputs have ended. False when it must be killed: `why` says so.
  bool talk(const Invocation& call, const CommandOptions& options, std::string& out,
            std::string& error, const char*& why) {
    std::string_view left = call.parameters;
    while (out_ || error_) {
      if (call.cancelled) return why = "nobody waits for it any more", false;
      if (std::chrono::steady_clock::now() >= call.deadline) return why = "it took too long", false;
      pollfd waits[] = {
          {out_.get(), POLLIN, 0}, {error_.get(), POLLIN, 0}, {in_.get(), POLLOUT, 0}};
      if (::poll(waits, 3, kLookMs) <= 0) continue;
      if (waits[2].revents != 0) feed(left);
      if (waits[0].revents != 0) drain(out_, out, options.output_bytes + 1);
      if (waits[1].revents != 0) drain(error_, error, options.error_bytes);
      if (out.size() > options.output_bytes) return why = "its result is too long", false;
    }
    in_.reset();
    return true;
  }

  // Waits for its end until the deadline. What it started and left behind ends with it.
  bool wait_for_end(const Invocation& call, int& status) {
    for (;;) {
      siginfo_t info{};
      // Not collected yet, so that its process group's number is still its own when that is killed.
      const int failed =
          ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
      if (failed != 0 && errno != EINTR) return false;  // somebody else collects our children
      if (failed == 0 && info.si_pid == pid_) {
        status = end();
        return true;
      }
      if (call.cancelled || std::chrono::steady_clock::now() >= call.deadline) return false;
      ::poll(nullptr, 0, 1);
    }
  }

 private:
  explicit Command(RunningGroups& running) : running_(running) {}

  void feed(std::string_view& left) {
    const ssize_t sent = left.empty() ? 0 : write_quietly(left);
    if (sent > 0) left.remove_prefix(static_cast<size_t>(sent));
    if (left.empty() || (sent < 0 && errno != EAGAIN && errno != EINTR)) in_.reset();
  }

  // A command that does not read its input must not end this process by SIGPIPE.
  ssize_t write_quietly(std::string_view bytes) const {
    sigset_t pipe_signal, before, pending;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    sigpending(&pending);
    const ssize_t sent = ::write(in_.get(), bytes.data(), bytes.size());
    const int error = errno;
    if (sent < 0 && error == EPIPE && sigismember(&pending, SIGPIPE) == 0) {
      const timespec now{};
      sigtimedwait(&pipe_signal, nullptr, &now);
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    errno = error;
    return sent;
  }

  static void drain(OwnedFd& from, std::string& into, uint64_t limit) {
    char buffer[65536];
    const ssize_t got = ::read(from.get(), buffer, sizeof buffer);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (got <= 0) return from.reset();
    const size_t room = limit > into.size() ? limit - into.size() : 0;
    into.append(buffer, std::min(static_cast<size_t>(got), room));
  }

  RunningGroups& running_;
  pid_t pid_ = -1;
  OwnedFd in_, out_, error_;
};

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return "killed by signal " + std::to_string(WTERMSIG(status));
  return "exit status " + std::to_string(WEXITSTATUS(status));
}

class CommandHandler final : public Handler {
 public:
  explicit CommandHandler(CommandOptions options) : options_(std::move(options)) {}

  Outcome handle(const Invocation& call) noexcept override {
    auto command = Command::start(options_.command, call, running_);
    if (!command.ok())
      return Outcome::error("the tool could not be started", command.error().message);
    std::string out, error;
    const char* why = "it took too long";
    int status = 0;
    if (!command->talk(call, options_, out, error, why) || !command->wait_for_end(call, status)) {
      return Outcome::error(std::string("the tool was ended: ") + why, std::move(error));
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
      return Outcome::error("the tool failed", how_it_ended(status) + "\n" + error);
    }
    return Outcome::of(std::move(out));
  }

  void end_cancelled() noexcept override { running_.kill_cancelled(); }

 private:
  const CommandOptions options_;
  RunningGroups running_;
};

}  // namespace

std::shared_ptr<Handler> make_command_handler(CommandOptions options) {
  return std::make_shared<CommandHandler>(std::move(options));
}

}  // namespace cloche::tools
