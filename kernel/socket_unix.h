// AF_UNIX sockets (unix(7)): stream, datagram and sequenced packets, names in the file system and
// abstract names, descriptors passed along. The only sockets of a sandbox: there is no network.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "kernel/open_file.h"

namespace cloche::kernel {

class IoState;
class UnixSocket;

enum class SocketType : uint8_t { kStream = 1, kDatagram = 2, kSequenced = 5 };

// sun_path as the guest gave it: empty for none, a leading NUL for an abstract name, else a path.
using SocketAddress = std::string;

// struct ucred.
struct SocketCredentials {
  int32_t pid = 0;
  uint32_t uid = 0, gid = 0;
  bool operator==(const SocketCredentials&) const = default;
};

// Abstract names, and all sockets of the sandbox. Sockets can hold each other in their queues
// (SCM_RIGHTS): what is left in circles is let go when the sandbox ends.
class SocketNames {
 public:
  static constexpr size_t kMaxFilesInFlight = 1024;

  void drop_all();  // empties all queues
  UnixSocket* find(const SocketAddress& abstract) const;
  SysResult<Unit> claim(const SocketAddress& abstract, UnixSocket& socket);  // EADDRINUSE
  SysResult<SocketAddress> claim_any(UnixSocket& socket);                    // autobind
  void release(const SocketAddress& abstract) { abstract_.erase(abstract); }

 private:
  friend class UnixSocket;
  std::map<SocketAddress, UnixSocket*> abstract_;
  std::set<UnixSocket*> sockets_;
  size_t files_in_flight_ = 0;
  uint32_t next_auto_ = 0;
};

class UnixSocket final : public OpenFile {
 public:
  static constexpr uint64_t kBufferBytes = 212'992;  // Linux's default of SO_RCVBUF
  static constexpr size_t kMaxDatagrams = 10;        // net.unix.max_dgram_qlen

  UnixSocket(IoState& io, SocketType type, const SocketCredentials& owner, uint32_t flags);
  ~UnixSocket() override;
  FileKind kind() const override { return FileKind::kSocket; }
  SocketType type() const { return type_; }
  bool connection_based() const { return type_ != SocketType::kDatagram; }

  // socketpair(2).
  static void connect_pair(UnixSocket& a, UnixSocket& b);

  // bind(2): by path (`inode` is the new socket file), abstract name, or autobind. EINVAL: bound.
  SysResult<Unit> bind_path(const SocketAddress& path, const vfs::InodeRef& inode);
  SysResult<Unit> bind_abstract(const SocketAddress& name);
  const SocketAddress& address() const { return address_; }

  SysResult<Unit> listen(uint32_t backlog);  // EINVAL: not bound, or connected
  SysResult<Ref<UnixSocket>> accept();       // EAGAIN; EINVAL: not listening
  // connect(2) to what a name led to. EAGAIN: the backlog is full, wait on target.space_queue().
  SysResult<Unit> connect(UnixSocket& target, const SocketCredentials& who);
  void disconnect() { peer_ = nullptr; }  // datagram: AF_UNSPEC
  bool listening() const { return listening_; }
  bool connected() const { return peer_ != nullptr; }
  const SocketAddress* peer_address() const;  // null: not connected
  const SocketCredentials& peer_credentials() const { return peer_credentials_; }
  // Where a send without an address goes: ENOTCONN, EPIPE, ECONNREFUSED.
  SysResult<UnixSocket*> destination();

  // Bytes sent; for packets all or nothing. EAGAIN: wait on to.space_queue(). EPIPE, EMSGSIZE,
  // ECONNREFUSED, ETOOMANYREFS. `files` is moved from when it succeeds.
  SysResult<uint64_t> send(UnixSocket& to, std::span<const uint8_t> bytes,
                           std::vector<FileRef>& files, const SocketCredentials& who);
  struct Received {
    uint64_t count = 0;
    uint64_t full_size = 0;  // of the packet, if `out` was too small for it
    std::vector<FileRef> files;
    SocketAddress from;
    SocketCredentials who;
  };
  enum class Take : uint8_t { kRemove, kPeek };
  SysResult<Received> receive(std::span<uint8_t> out, Take take);  // EAGAIN, ECONNRESET, ENOTCONN

  enum Shutdown : uint32_t { kShutRead = 1, kShutWrite = 2 };
  SysResult<Unit> shutdown(uint32_t which);                      // ENOTCONN
  Errno take_error() { return std::exchange(error_, Errno{}); }  // 0: none
  WaitQueue& space_queue() { return space_queue_; }
  uint64_t queued_bytes() const { return queued_bytes_; }
  bool pass_credentials = false;  // SO_PASSCRED

  SysResult<uint64_t> read(Call& call, std::span<uint8_t> out) override;
  SysResult<uint64_t> write(Call& call, std::span<const uint8_t> in) override;
  SysResult<int32_t> ioctl(Call& call, uint32_t command, UserPtr argument) override;
  SysResult<vfs::Stat> stat() override { return location_.inode->stat(); }
  uint32_t poll() override;
  WaitQueue* wait_queue(uint32_t) override { return &queue_; }
  const vfs::Location& location() const override { return location_; }
  std::string describe() const override;

 private:
  friend class SocketNames;
  struct Message {
    std::string bytes;
    size_t start = 0;  // streams: what was read of it
    std::vector<FileRef> files;
    SocketAddress from;
    SocketCredentials who;
  };
  bool has_room(uint64_t bytes) const;
  bool at_end() const;  // connection-based: nothing will ever come
  void enqueue(std::span<const uint8_t> bytes, std::vector<FileRef>& files, const UnixSocket& from,
               const SocketCredentials& who);
  void drop_messages();
  void drop_front();
  void room_made();
  uint64_t copy_stream(std::span<uint8_t> out, Take take);

  IoState& io_;
  SocketType type_;
  SocketCredentials owner_;
  vfs::Location location_;
  SocketAddress address_;
  vfs::InodeRef bound_inode_;

  UnixSocket* peer_ = nullptr;  // it knows us too, except for datagrams
  bool had_peer_ = false;
  bool embryo_ = false;  // the server's end of a connection that nobody has accepted yet
  SocketCredentials peer_credentials_;
  bool listening_ = false;
  uint32_t backlog_ = 0;
  std::deque<Ref<UnixSocket>> pending_;  // connected, not yet accepted

  std::deque<Message> messages_;
  uint64_t queued_bytes_ = 0;
  bool read_shut_ = false, write_shut_ = false;
  Errno error_{};
  WaitQueue queue_, space_queue_;
};

}  // namespace cloche::kernel
