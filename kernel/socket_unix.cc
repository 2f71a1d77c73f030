#include "kernel/socket_unix.h"

#include <algorithm>
#include <cstring>

#include "kernel/inode_state.h"
#include "kernel/io_state.h"
#include "kernel/kernel.h"
#include "vfs/ops.h"

namespace cloche::kernel {
namespace {

constexpr Errno kNoError{};
constexpr uint32_t kFamilyBytes = 2, kMaxAddress = 110;  // struct sockaddr_un
constexpr size_t kMaxDatagrams = 10;                     // net.unix.max_dgram_qlen
constexpr uint16_t kUnspecified = 0, kUnix = 1;

// A struct sockaddr_un: its sun_path, "" for none.
struct UnixAddress {
  uint16_t family = kUnspecified;
  SocketAddress path;
};

SysResult<UnixAddress> parse_any(AddressBytes bytes) {
  if (bytes.size() > kMaxAddress || bytes.size() < kFamilyBytes) return Errno::kINVAL;
  UnixAddress address;
  std::memcpy(&address.family, bytes.data(), sizeof address.family);
  address.path.assign(reinterpret_cast<const char*>(bytes.data()) + kFamilyBytes,
                      bytes.size() - kFamilyBytes);
  // A path ends at its NUL; an abstract name is all the bytes there are.
  if (!address.path.empty() && address.path[0] != '\0')
    address.path.resize(std::min(address.path.size(), address.path.find('\0')));
  return address;
}

SysResult<SocketAddress> parse(AddressBytes bytes) {
  UnixAddress address = TRY(parse_any(bytes));
  if (address.family != kUnix) return Errno::kINVAL;
  return std::move(address.path);
}

std::string encode(const SocketAddress& path) {
  std::string bytes(reinterpret_cast<const char*>(&kUnix), sizeof kUnix);
  bytes += path;
  if (!path.empty() && path[0] != '\0') bytes.push_back('\0');
  return bytes;
}

}  // namespace

// --- names

UnixSocket* UnixNames::find(const SocketAddress& abstract) const {
  const auto found = abstract_.find(abstract);
  return found == abstract_.end() ? nullptr : found->second;
}

SysResult<Unit> UnixNames::claim(const SocketAddress& abstract, UnixSocket& socket) {
  if (!abstract_.emplace(abstract, &socket).second) return Errno::kADDRINUSE;
  return Unit{};
}

SysResult<SocketAddress> UnixNames::claim_any(UnixSocket& socket) {
  constexpr uint32_t kNames = 0x100000;  // five hexadecimal digits, as on Linux
  for (uint32_t tries = 0; tries < kNames; ++tries) {
    char digits[8];
    std::snprintf(digits, sizeof digits, "%05x", next_auto_++ % kNames);
    SocketAddress name = std::string(1, '\0') + digits;
    if (abstract_.emplace(name, &socket).second) return name;
  }
  return Errno::kNOSPC;
}

// --- life

SysResult<Ref<UnixSocket>> UnixSocket::create(IoState& io, SocketType type,
                                              const SocketCredentials& owner, uint32_t flags) {
  TRY(reserve(io));
  return Ref<UnixSocket>(new UnixSocket(io, type, owner, flags));
}

UnixSocket::UnixSocket(IoState& io, SocketType type, const SocketCredentials& owner, uint32_t flags)
    : Socket(io,
             {.family = SocketFamily::kUnix,
              .type = type,
              .protocol = 0,
              .options = kUnixOption,
              .max_packet = kBufferBytes,
              .max_messages = type == SocketType::kDatagram ? kMaxDatagrams : SIZE_MAX,
              .lossy = false},
             owner, flags) {}

UnixSocket::~UnixSocket() {
  if (bound_inode_) {
    state_of(*bound_inode_).socket = nullptr;
  } else if (io_.unix_names().find(address_) == this) {
    io_.unix_names().release(address_);
  }
  if (connection_based() && !peer_) return;
  for (Socket* socket : io_.sockets().sockets_) {
    if (socket->family() != SocketFamily::kUnix) continue;
    auto* other = static_cast<UnixSocket*>(socket);
    if (other->peer_ != this) continue;
    other->peer_ = nullptr;
    // What we never read is an error for the one who sent it.
    if (has_messages() || embryo_) other->error_ = Errno::kCONNRESET;
    if (!other->connection_based()) other->error_ = Errno::kCONNREFUSED;
    other->queue_.wake();
  }
}

// --- names and connections

SysResult<Unit> UnixSocket::bind_abstract(const SocketAddress& name) {
  if (name.empty()) {
    address_ = TRY(io_.unix_names().claim_any(*this));
    return Unit{};
  }
  TRY(io_.unix_names().claim(name, *this));
  address_ = name;
  return Unit{};
}

SysResult<Unit> UnixSocket::bind(Call& call, AddressBytes address) {
  const SocketAddress path = TRY(parse(address));
  if (!address_.empty()) return Errno::kINVAL;
  if (path.empty() || path[0] == '\0') return bind_abstract(path);
  const Process& process = call.process();
  const vfs::Location& base = path[0] == '/' ? process.root : process.cwd;
  constexpr uint32_t kAllModes = 0777;
  const auto made = vfs::make_node(call.kernel().names(), {base, path}, process.credentials,
                                   vfs::FileType::kSocket, kAllModes & ~process.umask);
  if (!made.ok()) return made.error() == Errno::kEXIST ? Errno::kADDRINUSE : made.error();
  address_ = path;
  bound_inode_ = made->inode;
  state_of(*bound_inode_).socket = this;
  return Unit{};
}

SysResult<Unit> UnixSocket::listen(Call&, uint32_t backlog) {
  if (!connection_based()) return Errno::kOPNOTSUPP;
  if (address_.empty() || peer_ || had_peer_) return Errno::kINVAL;
  start_listening(backlog);
  return Unit{};
}

SysResult<UnixSocket*> UnixSocket::find_named(Call& call, AddressBytes address) {
  const SocketAddress path = TRY(parse(address));
  return find(call, path);
}

// The socket a name leads to. ECONNREFUSED, EACCES, and the errors of a path walk.
SysResult<UnixSocket*> UnixSocket::find(Call& call, const SocketAddress& path) {
  if (path.empty()) return Errno::kINVAL;
  if (path[0] == '\0') {
    UnixSocket* socket = io_.unix_names().find(path);
    return socket ? SysResult<UnixSocket*>(socket) : Errno::kCONNREFUSED;
  }
  const Process& process = call.process();
  const vfs::Location& base = path[0] == '/' ? process.root : process.cwd;
  const vfs::Location found =
      TRY(call.kernel().names().walk(base, path, process.credentials, vfs::kFollowLast));
  TRY(vfs::may_access(*found.inode, process.credentials, vfs::kWrite));
  if (found.inode->type() != vfs::FileType::kSocket) return Errno::kCONNREFUSED;
  TRY(found.inode->may_open_special());
  const InodeState* state = find_state(*found.inode);
  if (!state || !state->socket) return Errno::kCONNREFUSED;
  return state->socket;
}

SysResult<WaitQueue*> UnixSocket::connect(Call& call, AddressBytes bytes) {
  const UnixAddress address = TRY(parse_any(bytes));
  if (address.family == kUnspecified && !connection_based()) {
    peer_ = nullptr;
    return nullptr;
  }
  if (address.family != kUnix) return Errno::kINVAL;
  UnixSocket* target = TRY(find(call, address.path));
  if (type() != target->type()) return Errno::kPROTOTYPE;
  if (!connection_based()) {
    peer_ = target;
    return nullptr;
  }
  const auto connected = connect_stream(*target, credentials_of(call.process()));
  if (connected.ok()) return nullptr;
  if (connected.error() == Errno::kAGAIN && (flags() & kNonBlock) == 0)
    return &target->space_queue_;
  return connected.error();
}

SysResult<Unit> UnixSocket::connect_stream(UnixSocket& target, const SocketCredentials& who) {
  if (listening_) return Errno::kINVAL;
  if (peer_ || had_peer_) return Errno::kISCONN;
  if (!target.listening_ || target.read_shut_) return Errno::kCONNREFUSED;
  if (target.pending_.size() > target.backlog_) return Errno::kAGAIN;
  Ref<UnixSocket> server = TRY(create(io_, type(), target.owner_, 0));
  server->address_ = target.address_;
  server->embryo_ = true;
  owner_ = who;
  Socket::connect_pair(*this, *server);
  target.pending_.push_back(server);
  target.queue_.wake_for(kPollIn);
  return Unit{};
}

std::string UnixSocket::local_name() const { return encode(address_); }

SysResult<std::string> UnixSocket::peer_name() const {
  if (!peer_) return Errno::kNOTCONN;
  return static_cast<const UnixSocket*>(peer_)->local_name();
}

std::string UnixSocket::client_name() const {
  const auto name = peer_name();
  return name.ok() ? *name : encode({});
}

std::string UnixSocket::name_of(const SocketAddress& sender) const {
  return sender.empty() ? std::string() : encode(sender);
}

SysResult<Unit> UnixSocket::shutdown(uint32_t which) {
  if (connection_based() && !peer_ && !had_peer_ && !listening_) return Errno::kNOTCONN;
  if (which & kShutRead) read_shut_ = true;
  if (which & kShutWrite) write_shut_ = true;
  if (connection_based() && peer_) {
    auto& peer = static_cast<UnixSocket&>(*peer_);
    // What one side shuts for writing the other cannot read, and the other way round.
    if (which & kShutRead) peer.write_shut_ = true;
    if (which & kShutWrite) peer.read_shut_ = true;
    peer.queue_.wake();
    peer.space_queue_.wake();
  }
  queue_.wake();
  space_queue_.wake();
  return Unit{};
}

// --- data

SysResult<UnixSocket*> UnixSocket::destination() {
  if (peer_) return static_cast<UnixSocket*>(peer_);
  if (connection_based() && had_peer_) return Errno::kPIPE;
  if (error_ != kNoError) return take_error();
  return Errno::kNOTCONN;
}

SysResult<Socket::Route> UnixSocket::route(Call& call, AddressBytes address) {
  if (connection_based() && !address.empty()) return peer_ ? Errno::kISCONN : Errno::kOPNOTSUPP;
  UnixSocket* to = TRY(address.empty() ? destination() : find_named(call, address));
  if (write_shut_) return Errno::kPIPE;
  if (type() != to->type()) return Errno::kPROTOTYPE;
  if (to->read_shut_) return Errno::kPIPE;
  return Route{to, address_};
}

SysResult<Unit> UnixSocket::nothing_left() {
  if (connection_based() && !had_peer_) return listening_ ? Errno::kINVAL : Errno::kNOTCONN;
  if (error_ == Errno::kCONNRESET) return take_error();
  if (!at_end()) return Errno::kAGAIN;
  return Unit{};
}

void UnixSocket::room_made() {
  space_queue_.wake();
  if (connection_based()) {
    if (peer_) static_cast<UnixSocket*>(peer_)->queue_.wake_for(kPollOut);
    return;
  }
  for (Socket* socket : io_.sockets().sockets_) {
    if (socket->family() != SocketFamily::kUnix) continue;
    auto* other = static_cast<UnixSocket*>(socket);
    if (other->peer_ == this) other->queue_.wake_for(kPollOut);
  }
}

uint32_t UnixSocket::poll() {
  if (listening_) return pending_.empty() ? 0 : kPollIn;
  const auto* peer = static_cast<const UnixSocket*>(peer_);
  uint32_t events = 0;
  if (error_ != kNoError) events |= kPollErr;
  if (has_messages() || at_end() || error_ == Errno::kCONNRESET) events |= kPollIn;
  if (connection_based()) {
    if (at_end()) events |= kPollRdHup;
    if (!peer) events |= kPollHup;
    if (read_shut_ && write_shut_) events |= kPollHup;
  }
  if (!peer || peer->has_room(1)) events |= kPollOut;
  return events;
}

}  // namespace cloche::kernel
