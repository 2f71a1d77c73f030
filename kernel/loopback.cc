#include "kernel/loopback.h"

#include <algorithm>
#include <cstring>

#include "kernel/socket_inet.h"

namespace cloche::kernel {
namespace {

constexpr uint8_t kLoopbackNet = 127;

// Whether `socket`, whose own address is `local`, takes what is sent to addresses of IPv4, of IPv6.
bool takes_ipv4(const InetSocket& socket) {
  return is_ipv4(socket.local().ip) || (socket.local().ip == kAnyIpv6 && !socket.ipv6_only());
}
bool takes_ipv6(const InetSocket& socket) { return !is_ipv4(socket.local().ip); }

// Whether there are addresses that both take.
bool overlap(const InetSocket& a, const InetSocket& b) {
  const bool meet = is_any(a.local().ip) || is_any(b.local().ip) || a.local().ip == b.local().ip;
  return meet && ((takes_ipv4(a) && takes_ipv4(b)) || (takes_ipv6(a) && takes_ipv6(b)));
}

bool both(const InetSocket& a, const InetSocket& b, SocketOption option) {
  return a.options().on(option) && b.options().on(option);
}

// Whether two sockets may not have one port: bind(2), SO_REUSEADDR and SO_REUSEPORT of socket(7).
bool conflict(const InetSocket& socket, const InetSocket& other) {
  if (&socket == &other || !overlap(socket, other)) return false;
  if (both(socket, other, SocketOption::kReusePort) && socket.owner_uid() == other.owner_uid())
    return false;
  const bool taken = other.listening() && other.stream();
  return taken || !both(socket, other, SocketOption::kReuseAddress);
}

// How well `socket` fits what `from` sends to `to`; 0: not at all.
int fit(const InetSocket& socket, const Endpoint& to, const Endpoint& from) {
  constexpr int kTakes = 1, kSameFamily = 2, kNamed = 4, kConnected = 8;
  if (is_ipv4(to.ip) ? !takes_ipv4(socket) : !takes_ipv6(socket)) return 0;
  int score = kTakes;
  if (is_ipv4(to.ip) == is_ipv4(socket.local().ip)) score += kSameFamily;
  if (!is_any(socket.local().ip)) {
    if (socket.local().ip != to.ip) return 0;
    score += kNamed;
  }
  if (socket.has_remote() && !socket.listening()) {
    if (socket.remote() != from) return 0;
    score += kConnected;
  }
  return score;
}

// The best of them; of equals with SO_REUSEPORT one by the sender's port, else the latest.
InetSocket* best_of(const std::vector<InetSocket*>& sockets, const Endpoint& to,
                    const Endpoint& from) {
  std::vector<InetSocket*> best;
  int best_score = 1;
  for (InetSocket* socket : sockets) {
    const int score = fit(*socket, to, from);
    if (score < best_score) continue;
    if (score > best_score) best.clear();
    best_score = score;
    best.push_back(socket);
  }
  if (best.empty()) return nullptr;
  const bool shared = best.back()->options().on(SocketOption::kReusePort);
  return shared ? best[from.port % best.size()] : best.back();
}

}  // namespace

bool is_ipv4(const IpAddress& ip) {
  return std::equal(ip.begin(), ip.begin() + 12, kAnyIpv4.begin());
}

bool is_any(const IpAddress& ip) { return ip == kAnyIpv4 || ip == kAnyIpv6; }

bool is_local(const IpAddress& ip) {
  constexpr IpAddress kBroadcast{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 255, 255, 255};
  if (!is_ipv4(ip)) return ip == kLoopbackIpv6;
  return ip[12] == kLoopbackNet && ip != kBroadcast;
}

Loopback::Ports& Loopback::ports_of(const InetSocket& socket) {
  return socket.stream() ? tcp_ : udp_;
}

SysResult<uint16_t> Loopback::claim(InetSocket& socket, RandomSource& random) {
  Ports& ports = ports_of(socket);
  uint16_t port = socket.local().port;
  if (port != 0) {
    const auto found = ports.by_number.find(port);
    if (found != ports.by_number.end())
      for (const InetSocket* other : found->second.sockets)
        if (conflict(socket, *other)) return Errno::kADDRINUSE;
    share(socket, port);
    return port;
  }
  constexpr uint32_t kCount = kLastAnyPort - kFirstAnyPort + 1;
  uint32_t start = 0;
  random.fill(&start, sizeof start);
  for (uint32_t i = 0; i < kCount; ++i) {
    port = static_cast<uint16_t>(kFirstAnyPort + (uint64_t{start} + i) % kCount);
    if (ports.taken.test(port)) continue;
    share(socket, port);
    return port;
  }
  return Errno::kADDRINUSE;
}

void Loopback::share(InetSocket& socket, uint16_t port) {
  Ports& ports = ports_of(socket);
  ports.by_number[port].sockets.push_back(&socket);
  ports.taken.set(port);
}

void Loopback::release(InetSocket& socket, uint16_t port) {
  Ports& ports = ports_of(socket);
  const auto found = ports.by_number.find(port);
  if (found == ports.by_number.end()) return;
  std::erase(found->second.sockets, &socket);
  if (!found->second.sockets.empty()) return;
  ports.by_number.erase(found);
  ports.taken.reset(port);
}

SysResult<Unit> Loopback::start_listening(InetSocket& socket) {
  Port& port = tcp_.by_number[socket.local().port];
  for (const InetSocket* other : port.listeners)
    if (conflict(socket, *other)) return Errno::kADDRINUSE;
  port.listeners.push_back(&socket);
  return Unit{};
}

void Loopback::stop_listening(InetSocket& socket) {
  const auto found = tcp_.by_number.find(socket.local().port);
  if (found != tcp_.by_number.end()) std::erase(found->second.listeners, &socket);
}

InetSocket* Loopback::find_listener(const Endpoint& to, const Endpoint& from) const {
  const auto found = tcp_.by_number.find(to.port);
  return found == tcp_.by_number.end() ? nullptr : best_of(found->second.listeners, to, from);
}

InetSocket* Loopback::find_datagram(const Endpoint& to, const Endpoint& from) const {
  const auto found = udp_.by_number.find(to.port);
  return found == udp_.by_number.end() ? nullptr : best_of(found->second.sockets, to, from);
}

}  // namespace cloche::kernel
