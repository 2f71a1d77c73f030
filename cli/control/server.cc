#include "cli/control/server.h"

#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace cloche::cli {
namespace {

constexpr size_t kStop = 0, kListener = 1, kFirst = 2;  // places in what is polled

Failure exhausted(const char* what) {
  return Failure{Failure::Kind::kResourceExhausted, std::string("cannot make ") + what};
}

bool is_ours(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

// Signals that come from outside are for the thread that runs the sandbox.
sigset_t signals_from_outside() {
  sigset_t set;
  sigfillset(&set);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT})
    sigdelset(&set, fault);
  return set;
}

}  // namespace

Expected<std::unique_ptr<ControlServer>> ControlServer::start(Listen listen, ControlTarget& target,
                                                              Settings settings) {
  OwnedFd stop(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop) return exhausted("an eventfd");
  std::unique_ptr<ControlServer> server(
      new ControlServer(std::move(listen), std::move(stop), target, settings));
  const sigset_t blocked = signals_from_outside();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const int error = pthread_create(&server->thread_, nullptr, thread_main, server.get());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) return exhausted("a thread");
  server->started_ = true;
  return server;
}

ControlServer::~ControlServer() {
  if (!started_) return;
  const uint64_t one = 1;
  while (write(stop_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
  pthread_join(thread_, nullptr);
}

void* ControlServer::thread_main(void* server) {
  auto* const self = static_cast<ControlServer*>(server);
  if (self->begin()) self->serve();
  return nullptr;
}

// False: it ended before, or there is nothing to listen to.
bool ControlServer::begin() {
  pollfd stopped{stop_.get(), POLLIN, 0};
  const auto end = Clock::now() + settings_.delay;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) break;
    if (poll(&stopped, 1, static_cast<int>(left)) > 0) return false;
  }
  auto post = listen_();
  if (!post) return false;
  post_ = std::move(*post);
  return true;
}

// Fills `polled` and waits for one of them or for the first deadline.
int ControlServer::wait(std::vector<pollfd>& polled) const {
  const bool room = connections_.size() < kMaxConnections;
  polled = {{stop_.get(), POLLIN, 0}, {room ? post_.listener.get() : -1, POLLIN, 0}};
  auto first = Clock::time_point::max();
  for (const Connection& connection : connections_) {
    const short events = connection.out.empty() ? POLLIN : POLLOUT;
    polled.push_back({connection.socket.get(), events, 0});
    first = std::min(first, connection.deadline);
  }
  int timeout = -1;
  if (!connections_.empty()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(first - Clock::now());
    timeout = static_cast<int>(std::clamp<int64_t>(left.count(), 0, 60'000));
  }
  return poll(polled.data(), polled.size(), timeout);
}

void ControlServer::serve() {
  std::vector<pollfd> polled;
  for (;;) {
    if (wait(polled) < 0 && errno != EINTR) return;
    if (polled[kStop].revents != 0) return;
    const auto now = Clock::now();
    size_t kept = 0;
    for (size_t i = 0; i < connections_.size(); ++i) {
      Connection& connection = connections_[i];
      if (connection.deadline <= now || !advance(connection, polled[kFirst + i].revents)) continue;
      if (kept != i) connections_[kept] = std::move(connection);
      ++kept;
    }
    connections_.erase(connections_.begin() + static_cast<ptrdiff_t>(kept), connections_.end());
    if (polled[kListener].revents != 0) accept_one();
  }
}

void ControlServer::accept_one() {
  OwnedFd socket(accept4(post_.listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket) {
    // Out of descriptors, say: the connection stays in the backlog, and poll() would not wait.
    if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) usleep(10'000);
    return;
  }
  if (!is_ours(socket.get())) return;
  connections_.push_back({std::move(socket), Clock::now() + settings_.patience});
}

bool ControlServer::advance(Connection& connection, short events) {
  if (events == 0) return true;
  return connection.out.empty() ? receive(connection) : send(connection);
}

bool ControlServer::receive(Connection& connection) {
  char buffer[4096];
  const ssize_t size = recv(connection.socket.get(), buffer, sizeof buffer, 0);
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  if (size == 0) return false;
  connection.in.append(buffer, static_cast<size_t>(size));
  const size_t end = connection.in.find('\n');
  if (end == std::string::npos && connection.in.size() <= kMaxRequestBytes) return true;
  if (end > kMaxRequestBytes) {  // as npos is
    connection.out = encode(Reply{
        .failure = Failure{Failure::Kind::kMalformed, "not understood: the request is too long"}});
  } else {
    const auto request = decode_request(std::string_view(connection.in).substr(0, end));
    connection.out = encode(request ? answer(*request, target_, post_.identity)
                                    : Reply{.failure = request.error()});
  }
  connection.in = {};
  connection.deadline = Clock::now() + settings_.patience;
  return send(connection);
}

bool ControlServer::send(Connection& connection) {
  const std::string_view rest = std::string_view(connection.out).substr(connection.sent);
  const ssize_t size = ::send(connection.socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  connection.sent += static_cast<size_t>(size);
  return connection.sent < connection.out.size();
}

}  // namespace cloche::cli
