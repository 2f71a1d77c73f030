// AF_INET and AF_INET6 sockets (ip(7), tcp(7), udp(7)) on the sandbox's own loopback network. There
// is no wire: what one end sends is in the other's queue when the call returns, so nothing is lost
// on the way, connections are made or refused at once, and closed ones leave no TIME_WAIT behind.
#pragma once

#include "kernel/loopback.h"

namespace cloche::kernel {

// Its SocketAddress is an Endpoint's bytes; of streams, which tell no sender, always empty.
class InetSocket final : public Socket {
 public:
  // `family`: kInet or kInet6; `type`: kStream (TCP) or kDatagram (UDP). ENOBUFS.
  static SysResult<Ref<InetSocket>> create(IoState& io, SocketFamily family, SocketType type,
                                           const SocketCredentials& owner, uint32_t flags);
  ~InetSocket() override;

  // EACCES: a port below 1024. EADDRNOTAVAIL: not an address of the sandbox. EADDRINUSE, EINVAL.
  SysResult<Unit> bind(Call& call, AddressBytes address) override;
  // ENETUNREACH: not an address of the sandbox. ECONNREFUSED, EINPROGRESS, EALREADY, EISCONN,
  // EADDRNOTAVAIL: no port is left. AF_UNSPEC ends what there is.
  SysResult<WaitQueue*> connect(Call& call, AddressBytes address) override;
  SysResult<Unit> listen(Call& call, uint32_t backlog) override;  // EINVAL: connected; EADDRINUSE
  SysResult<Unit> shutdown(uint32_t which) override;
  std::string local_name() const override { return encode(local_); }
  SysResult<std::string> peer_name() const override;
  std::string client_name() const override { return encode(remote_); }
  std::string name_of(const SocketAddress& sender) const override;
  SysResult<Unit> set_option(SocketOption option, int32_t value) override;
  uint32_t poll() override;

  // --- for the ports (kernel/loopback.h)
  const Endpoint& local() const { return local_; }
  const Endpoint& remote() const { return remote_; }
  bool has_remote() const { return has_remote_; }
  uint32_t owner_uid() const { return owner_.uid; }
  // Of an AF_INET6 socket: it takes nothing from IPv4.
  bool ipv6_only() const { return options_.on(SocketOption::kIpv6Only); }
  bool bound() const { return local_.port != 0; }

 private:
  InetSocket(IoState& io, SocketFamily family, SocketType type, const SocketCredentials& owner,
             uint32_t flags);
  SysResult<Endpoint> parse(AddressBytes address) const;  // EINVAL, EAFNOSUPPORT
  std::string encode(const Endpoint& endpoint) const;
  // The address that `to` means for this socket. ENETUNREACH, EACCES.
  SysResult<Endpoint> reachable(Endpoint to) const;
  // The own address for what goes to `to`.
  IpAddress source_for(const Endpoint& to) const;
  SysResult<Unit> claim_port(Call& call);

  SysResult<Unit> connect_datagram(Call& call, AddressBytes address);
  SysResult<WaitQueue*> connect_stream(Call& call, AddressBytes address);
  SysResult<WaitQueue*> finish_connect();
  void meet(InetSocket& listener);                  // connects, or waits for room in its backlog
  SysResult<Unit> establish(InetSocket& listener);  // ENOBUFS
  void fail(Errno error);                           // of a connection that is being made
  void stop_waiting();
  void stop_listening();
  void disconnect();
  void hang_up();
  void forget_names();
  bool peer_ended() const;  // it sends nothing more
  // Closed by both sides, or reset by one: as good as no connection, but for connect().
  bool closed() const { return reset_ || (write_shut_ && peer_ended()); }
  bool connected() const { return had_peer_ && !closed(); }

  SysResult<Route> route(Call& call, AddressBytes address) override;
  SysResult<Route> route_stream();
  SysResult<Route> route_datagram(Call& call, AddressBytes address);
  SysResult<Unit> nothing_left() override;
  void room_made() override;
  void backlog_has_room() override;
  uint32_t poll_stream() const;

  Endpoint local_, remote_;
  bool has_remote_ = false;
  bool address_fixed_ = false, port_fixed_ = false;  // by bind()
  bool connecting_ = false;  // connect() has begun, and has not yet told how it ended
  bool reset_ = false;
  InetSocket* waits_at_ = nullptr;   // whose backlog had no room
  std::deque<InetSocket*> waiting_;  // those who wait here
};

}  // namespace cloche::kernel
