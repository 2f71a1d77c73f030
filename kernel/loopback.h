// The network of one sandbox: a loopback interface and nothing else, as in a network namespace of
// Linux in which only `lo` is up. An address is one of the sandbox's own (127.0.0.0/8, ::1), or
// there is no way to it. Ports are counted for TCP and UDP apart.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <vector>

#include "base/clock.h"
#include "kernel/socket.h"

namespace cloche::kernel {

class InetSocket;

// An IPv6 address; of IPv4 as ::ffff:a.b.c.d.
using IpAddress = std::array<uint8_t, 16>;

inline constexpr IpAddress kAnyIpv6{};
inline constexpr IpAddress kAnyIpv4{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
inline constexpr IpAddress kLoopbackIpv6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
inline constexpr IpAddress kLoopbackIpv4{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1};

bool is_ipv4(const IpAddress& ip);
bool is_any(const IpAddress& ip);    // of either family
bool is_local(const IpAddress& ip);  // one of the sandbox's own; 127.255.255.255 is not

struct Endpoint {
  IpAddress ip{};
  uint16_t port = 0;
  bool operator==(const Endpoint&) const = default;
};

class Loopback {
 public:
  static constexpr uint16_t kFirstFreePort = 1024;  // those below are for root, who does not exist
  // Ports that are given to who names none.
  static constexpr uint16_t kFirstAnyPort = 32'768, kLastAnyPort = 60'999;

  // Gives the socket its port: socket.local().port, or one that nobody has for 0. Returns it.
  // EADDRINUSE. The socket leaves by release().
  SysResult<uint16_t> claim(InetSocket& socket, RandomSource& random);
  // For the server's end of a connection, which shares its listener's port.
  void share(InetSocket& socket, uint16_t port);
  void release(InetSocket& socket, uint16_t port);
  // EADDRINUSE: another one that listens at the same place.
  SysResult<Unit> start_listening(InetSocket& socket);
  void stop_listening(InetSocket& socket);

  // Who listens there for a connection from `from`; who takes a datagram. Null: nobody.
  InetSocket* find_listener(const Endpoint& to, const Endpoint& from) const;
  InetSocket* find_datagram(const Endpoint& to, const Endpoint& from) const;

 private:
  struct Port {
    std::vector<InetSocket*> sockets, listeners;  // in the order in which they came
  };
  struct Ports {
    std::map<uint16_t, Port> by_number;
    std::bitset<65'536> taken;  // the same numbers, to find one that is free
  };
  Ports& ports_of(const InetSocket& socket);
  Ports tcp_, udp_;
};

}  // namespace cloche::kernel
