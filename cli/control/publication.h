// What makes a sandbox of this process visible to other commands of its user.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>

#include "cli/control/runtime_folder.h"
#include "cli/control/server.h"

namespace cloche::cli {

// Thread class: unsafe.
class Publication {
 public:
  struct Options {
    std::string name = {};  // empty: `prefix`-PID, made one that nobody else has
    std::string prefix = "run";
    std::string command = {};
    // Nobody looks at what runs for some milliseconds, so that it need not pay for a socket. 0: it
    // is there at once, and begin() gives the errors; else on_failure is told of them, from another
    // thread.
    std::chrono::milliseconds delay{0};
    std::function<void(const Failure&)> on_failure = {};
  };
  // `target` must outlive it. Errors: kInvalidArgument (the name is not possible or taken), else
  // those of RuntimeFolder and ControlServer.
  static Expected<std::unique_ptr<Publication>> begin(Options options, ControlTarget& target);

  // Takes the name back and answers nobody any more.
  ~Publication() { withdraw(); }
  Publication(const Publication&) = delete;
  Publication& operator=(const Publication&) = delete;

  // Takes the name back; for a process that ends at once.
  void withdraw() noexcept;
  // Empty before the delay is over.
  std::string name() const;

 private:
  explicit Publication(Options options)
      : options_(std::move(options)), since_(std::chrono::steady_clock::now()) {}
  Expected<OwnedFd> claim();
  std::optional<ControlServer::Post> listen();

  const Options options_;
  const std::chrono::steady_clock::time_point since_;
  OwnedFd listener_;  // claimed by begin(), for listen()

  mutable std::mutex mutex_;
  std::optional<RuntimeFolder> folder_;  // set: the name is ours
  std::string name_;
  bool withdrawn_ = false;

  std::unique_ptr<ControlServer> server_;  // the first to go
};

}  // namespace cloche::cli
