// AF_UNIX sockets (unix(7)): stream, datagram and sequenced packets, names in the file system and
// abstract names, descriptors passed along.
#pragma once

#include <map>

#include "kernel/socket.h"

namespace cloche::kernel {

class UnixSocket;

// Abstract names.
class UnixNames {
 public:
  UnixSocket* find(const SocketAddress& abstract) const;
  SysResult<Unit> claim(const SocketAddress& abstract, UnixSocket& socket);  // EADDRINUSE
  SysResult<SocketAddress> claim_any(UnixSocket& socket);                    // autobind
  void release(const SocketAddress& abstract) { abstract_.erase(abstract); }

 private:
  std::map<SocketAddress, UnixSocket*> abstract_;
  uint32_t next_auto_ = 0;
};

// Its SocketAddress is sun_path as the guest gave it: a leading NUL for an abstract name, else a
// path.
class UnixSocket final : public Socket {
 public:
  static SysResult<Ref<UnixSocket>> create(IoState& io, SocketType type,
                                           const SocketCredentials& owner, uint32_t flags);
  ~UnixSocket() override;

  // socketpair(2).
  static void connect_pair(UnixSocket& a, UnixSocket& b) { Socket::connect_pair(a, b); }

  // EINVAL: bound already. EADDRINUSE, and the errors of a path walk.
  SysResult<Unit> bind(Call& call, AddressBytes address) override;
  // EAGAIN: the backlog is full. ECONNREFUSED, EPROTOTYPE, EISCONN, and the errors of a path walk.
  SysResult<WaitQueue*> connect(Call& call, AddressBytes address) override;
  SysResult<Unit> listen(Call& call, uint32_t backlog) override;  // EINVAL: not bound, or connected
  SysResult<Unit> shutdown(uint32_t which) override;
  std::string local_name() const override;
  SysResult<std::string> peer_name() const override;
  std::string client_name() const override;
  std::string name_of(const SocketAddress& sender) const override;
  uint32_t poll() override;

 private:
  UnixSocket(IoState& io, SocketType type, const SocketCredentials& owner, uint32_t flags);
  SysResult<Unit> bind_abstract(const SocketAddress& name);
  SysResult<UnixSocket*> find(Call& call, const SocketAddress& path);
  SysResult<UnixSocket*> find_named(Call& call, AddressBytes address);
  SysResult<Unit> connect_stream(UnixSocket& target, const SocketCredentials& who);
  SysResult<UnixSocket*> destination();  // without an address: ENOTCONN, EPIPE, ECONNREFUSED
  SysResult<Route> route(Call& call, AddressBytes address) override;
  SysResult<Unit> nothing_left() override;
  void room_made() override;

  SocketAddress address_;
  vfs::InodeRef bound_inode_;
};

}  // namespace cloche::kernel
