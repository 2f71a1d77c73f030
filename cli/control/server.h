// Answers requests about one running sandbox.
#pragma once

#include <poll.h>
#include <pthread.h>

#include <functional>
#include <memory>

#include "cli/control/owned_fd.h"
#include "cli/control/target.h"

namespace cloche::cli {

// A thread of its own that waits in poll() and costs nothing until somebody connects. Whoever
// connects cannot disturb the sandbox: at most kMaxConnections at a time (others wait in the
// backlog), each of our user, with one request of kMaxRequestBytes, and gone after its patience.
//
// Thread class: unsafe.
class ControlServer {
 public:
  static constexpr size_t kMaxConnections = 16;
  struct Settings {
    std::chrono::milliseconds delay{0};  // before there is a listener; never, if it ends before
    std::chrono::milliseconds patience{2000};  // with one connection, to read and to write each
  };
  // Called once, from the server's thread: a listening non-blocking socket and what it is the
  // socket of, or nothing, which ends the thread.
  struct Post {
    OwnedFd listener;
    Identity identity;
  };
  using Listen = std::function<std::optional<Post>()>;

  // `target` must outlive the server. Errors: kResourceExhausted.
  static Expected<std::unique_ptr<ControlServer>> start(Listen listen, ControlTarget& target,
                                                        Settings settings);
  // Ends the thread; a request that is under way is answered first.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  struct Connection {
    OwnedFd socket;
    Clock::time_point deadline;
    std::string in = {}, out = {};
    size_t sent = 0;
  };

  ControlServer(Listen listen, OwnedFd stop, ControlTarget& target, Settings settings)
      : listen_(std::move(listen)), stop_(std::move(stop)), target_(target), settings_(settings) {}

  static void* thread_main(void* server);
  bool begin();
  void serve();
  int wait(std::vector<pollfd>& polled) const;
  void accept_one();
  // False: it is done with.
  bool advance(Connection& connection, short events);
  bool receive(Connection& connection);
  static bool send(Connection& connection);

  const Listen listen_;
  const OwnedFd stop_;  // an eventfd
  ControlTarget& target_;
  const Settings settings_;
  Post post_;
  std::vector<Connection> connections_;
  pthread_t thread_{};
  bool started_ = false;
};

}  // namespace cloche::cli
