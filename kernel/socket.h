// What sockets of all families share: connections between two of them, queues of bytes and packets,
// what waits to be accepted. Nothing here leaves the sandbox: both ends are always in it.
//
// A family (socket_unix.h, socket_inet.h) says how sockets are named and found, and where the two
// differ as they do on Linux: what ends a connection, and what poll(2) tells of it.
#pragma once

#include <deque>
#include <set>
#include <string>
#include <vector>

#include "kernel/open_file.h"
#include "kernel/socket_options.h"

namespace cloche::kernel {

class IoState;
class Socket;

enum class SocketFamily : uint16_t { kUnix = 1, kInet = 2, kInet6 = 10 };
enum class SocketType : uint8_t { kStream = 1, kDatagram = 2, kSequenced = 5 };

// A socket's name in the form of its family; empty for none.
using SocketAddress = std::string;
// A struct sockaddr of the guest.
using AddressBytes = std::span<const uint8_t>;

// struct ucred.
struct SocketCredentials {
  int32_t pid = 0;
  uint32_t uid = 0, gid = 0;
  bool operator==(const SocketCredentials&) const = default;
};
SocketCredentials credentials_of(const Process& process);

// Before a call waits: `timeout_ns` (SO_RCVTIMEO, SO_SNDTIMEO; 0: none) counts from its first wait.
void start_timeout(Call& call, int64_t timeout_ns);

// All sockets of the sandbox. They can hold each other in their queues (SCM_RIGHTS): what is left
// in circles is let go when the sandbox ends.
class SocketSet {
 public:
  static constexpr size_t kMaxFilesInFlight = 1024;
  void drop_all();  // empties all queues

 private:
  friend class Socket;
  friend class UnixSocket;
  std::set<Socket*> sockets_;
  size_t files_in_flight_ = 0;
};

class Socket : public OpenFile {
 public:
  static constexpr uint64_t kBufferBytes = 212'992;  // Linux's default of SO_RCVBUF

  FileKind kind() const final { return FileKind::kSocket; }
  SocketFamily family() const { return traits_.family; }
  SocketType type() const { return traits_.type; }
  bool connection_based() const { return traits_.type != SocketType::kDatagram; }
  bool stream() const { return traits_.type == SocketType::kStream; }
  int32_t protocol() const { return traits_.protocol; }
  uint64_t max_packet() const { return traits_.max_packet; }  // bytes
  SocketOptions& options() { return options_; }
  const SocketOptions& options() const { return options_; }
  // EINVAL: out of the option's range, or too late for it.
  virtual SysResult<Unit> set_option(SocketOption option, int32_t value) {
    return options_.set(option, value);
  }

  // --- names and connections
  virtual SysResult<Unit> bind(Call& call, AddressBytes address) = 0;
  // Null: done. Else what to wait for before the same call again; never for O_NONBLOCK.
  virtual SysResult<WaitQueue*> connect(Call& call, AddressBytes address) = 0;
  virtual SysResult<Unit> listen(Call& call, uint32_t backlog) = 0;
  SysResult<Ref<Socket>> accept();  // EAGAIN; EINVAL: not listening; EOPNOTSUPP
  bool listening() const { return listening_; }
  virtual SysResult<Unit> shutdown(uint32_t which) = 0;  // ENOTCONN
  enum Shutdown : uint32_t { kShutRead = 1, kShutWrite = 2 };
  // struct sockaddr of the socket's own name, of its peer's (ENOTCONN), of who made an accepted
  // connection, and of a sender that receive() told; the last may have none.
  virtual std::string local_name() const = 0;
  virtual SysResult<std::string> peer_name() const = 0;
  virtual std::string client_name() const = 0;
  virtual std::string name_of(const SocketAddress& sender) const = 0;
  const SocketCredentials& peer_credentials() const { return peer_credentials_; }

  // --- data
  struct Parcel {
    std::span<const uint8_t> bytes;
    std::vector<FileRef>& files;  // moved from when it is sent
    const SocketCredentials& who;
  };
  // Sends to `address` (empty: where it is connected to). Bytes sent; for packets all or nothing.
  // EAGAIN: wait on wait_queue(kPollOut), and on `room` if that is set. EPIPE, EMSGSIZE, ENOBUFS,
  // ECONNREFUSED, ETOOMANYREFS, and what finding the address gives.
  SysResult<uint64_t> send(Call& call, AddressBytes address, Parcel& parcel, WaitQueue*& room);
  struct Received {
    uint64_t count = 0;
    uint64_t full_size = 0;  // of the packet, if the buffers were too small for it
    std::vector<FileRef> files;
    SocketAddress from;
    SocketCredentials who;
  };
  enum class Take : uint8_t { kRemove, kPeek };
  using Buffers = std::span<const std::span<uint8_t>>;
  // Into what follows the first `skip` bytes of the buffers. EAGAIN, ECONNRESET, ENOTCONN.
  SysResult<Received> receive(Buffers out, uint64_t skip, Take take);
  // Whether the next bytes bring passed files.
  bool files_come_next() const { return !messages_.empty() && !messages_.front().files.empty(); }
  uint64_t queued_bytes() const { return queued_bytes_; }
  Errno take_error() { return std::exchange(error_, Errno{}); }  // 0: none

  SysResult<uint64_t> read(Call& call, std::span<uint8_t> out) final;
  SysResult<uint64_t> write(Call& call, std::span<const uint8_t> in) final;
  SysResult<int32_t> ioctl(Call& call, uint32_t command, UserPtr argument) override;
  SysResult<vfs::Stat> stat() final { return location_.inode->stat(); }
  WaitQueue* wait_queue(uint32_t) final { return &queue_; }
  const vfs::Location& location() const final { return location_; }
  std::string describe() const final;

 protected:
  struct Traits {
    SocketFamily family;
    SocketType type;
    int32_t protocol;
    uint8_t options;  // OptionOwner
    uint64_t max_packet;
    size_t max_messages;  // of packets: how many wait beyond the first
    bool lossy;           // a packet that finds no room is lost
  };
  // What the host keeps for a socket: charged by reserve() before one is made. ENOBUFS.
  static SysResult<Unit> reserve(IoState& io);
  Socket(IoState& io, const Traits& traits, const SocketCredentials& owner, uint32_t flags);
  ~Socket() override;

  // Where bytes for `address` go, and whose they are. A null `to`: they are lost on the way.
  struct Route {
    Socket* to = nullptr;
    SocketAddress from;
  };
  virtual SysResult<Route> route(Call& call, AddressBytes address) = 0;
  // The queue is empty. Success: nothing will ever come. EAGAIN: something may.
  virtual SysResult<Unit> nothing_left() = 0;
  virtual void room_made() = 0;       // in the queue
  virtual void backlog_has_room() {}  // of one who listens

  static void connect_pair(Socket& a, Socket& b);
  void start_listening(uint32_t backlog);
  void drop_pending();  // connections that nobody has accepted
  void drop_messages();
  bool has_room(uint64_t bytes) const;
  bool at_end() const;  // connection-based: nothing will ever come
  bool has_messages() const { return !messages_.empty(); }

  IoState& io_;
  const Traits traits_;
  SocketOptions options_;
  SocketCredentials owner_;

  Socket* peer_ = nullptr;  // it knows us too, except for datagrams
  bool had_peer_ = false;
  bool embryo_ = false;  // the server's end of a connection that nobody has accepted yet
  SocketCredentials peer_credentials_;
  bool listening_ = false;
  uint32_t backlog_ = 0;
  std::deque<Ref<Socket>> pending_;  // connected, not yet accepted

  bool read_shut_ = false, write_shut_ = false;
  Errno error_{};
  uint64_t capacity_ = kBufferBytes;
  WaitQueue queue_, space_queue_;

 private:
  friend class SocketSet;
  struct Message {
    std::string bytes;
    size_t start = 0;  // streams: what was read of it
    std::vector<FileRef> files;
    SocketAddress from;
    SocketCredentials who;
  };
  void enqueue(Parcel& parcel, SocketAddress from);
  void drop_front();

  vfs::Location location_;
  std::deque<Message> messages_;
  uint64_t queued_bytes_ = 0;
};

}  // namespace cloche::kernel
