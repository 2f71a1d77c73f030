#include "kernel/socket_inet.h"

#include <algorithm>
#include <cstring>

#include "kernel/io_state.h"
#include "kernel/kernel.h"

namespace cloche::kernel {
namespace {

constexpr Errno kNoError{};
constexpr int32_t kTcp = 6, kUdp = 17;
constexpr uint64_t kMaxDatagramIpv4 = 65'507, kMaxDatagramIpv6 = 65'527;
constexpr uint16_t kUnspecified = 0;

// struct sockaddr_in and sockaddr_in6.
struct AddressIpv4 {
  uint16_t family;
  uint8_t port[2], ip[4], zero[8];
};
static_assert(sizeof(AddressIpv4) == 16);
struct AddressIpv6 {
  uint16_t family;
  uint8_t port[2];
  uint32_t flow;
  uint8_t ip[16];
  uint32_t scope;
};
static_assert(sizeof(AddressIpv6) == 28);
constexpr size_t kLeastIpv6 = 24;  // without the scope

constexpr uint16_t number(SocketFamily family) { return static_cast<uint16_t>(family); }

uint16_t port_of(const uint8_t (&bytes)[2]) {
  return static_cast<uint16_t>(bytes[0] << 8 | bytes[1]);
}

void put_port(uint8_t (&bytes)[2], uint16_t port) {
  bytes[0] = static_cast<uint8_t>(port >> 8);
  bytes[1] = static_cast<uint8_t>(port);
}

SysResult<uint16_t> family_of(AddressBytes bytes) {
  uint16_t family = 0;
  if (bytes.size() < sizeof family) return Errno::kINVAL;
  std::memcpy(&family, bytes.data(), sizeof family);
  return family;
}

SysResult<Endpoint> parse_ipv4(AddressBytes bytes) {
  AddressIpv4 address;
  if (bytes.size() < sizeof address) return Errno::kINVAL;
  std::memcpy(&address, bytes.data(), sizeof address);
  Endpoint endpoint{kAnyIpv4, port_of(address.port)};
  std::copy(std::begin(address.ip), std::end(address.ip), endpoint.ip.begin() + 12);
  return endpoint;
}

SysResult<Endpoint> parse_ipv6(AddressBytes bytes) {
  AddressIpv6 address{};
  if (bytes.size() < kLeastIpv6) return Errno::kINVAL;
  std::memcpy(&address, bytes.data(), std::min(bytes.size(), sizeof address));
  Endpoint endpoint{{}, port_of(address.port)};
  std::copy(std::begin(address.ip), std::end(address.ip), endpoint.ip.begin());
  return endpoint;
}

// An address that means nothing without an interface, which cannot have it: fe80::/10.
bool is_link_local(const IpAddress& ip) { return ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80; }

bool is_loopback_net(const IpAddress& ip) { return is_ipv4(ip) && ip[12] == 127; }

SocketAddress pack(const Endpoint& endpoint) {
  return {reinterpret_cast<const char*>(&endpoint), sizeof endpoint};
}
static_assert(sizeof(Endpoint) == 18);

}  // namespace

// --- life

SysResult<Ref<InetSocket>> InetSocket::create(IoState& io, SocketFamily family, SocketType type,
                                              const SocketCredentials& owner, uint32_t flags) {
  TRY(reserve(io));
  return Ref<InetSocket>(new InetSocket(io, family, type, owner, flags));
}

InetSocket::InetSocket(IoState& io, SocketFamily family, SocketType type,
                       const SocketCredentials& owner, uint32_t flags)
    : Socket(
          io,
          {.family = family,
           .type = type,
           .protocol = type == SocketType::kStream ? kTcp : kUdp,
           .options = static_cast<uint8_t>((type == SocketType::kStream ? kTcpOption : kUdpOption) |
                                           (family == SocketFamily::kInet6 ? kIpv6Option : 0)),
           .max_packet = family == SocketFamily::kInet ? kMaxDatagramIpv4 : kMaxDatagramIpv6,
           .max_messages = kBufferBytes / 256,
           .lossy = type == SocketType::kDatagram},
          owner, flags) {
  peer_credentials_ = {0, UINT32_MAX, UINT32_MAX};  // what SO_PEERCRED tells of no process
  if (family == SocketFamily::kInet) local_.ip = remote_.ip = kAnyIpv4;
}

InetSocket::~InetSocket() {
  stop_waiting();
  stop_listening();
  hang_up();
  if (bound()) io_.loopback().release(*this, local_.port);
}

// What the other end learns: an orderly end, or a reset if something was left unread.
void InetSocket::hang_up() {
  if (!peer_) return;
  auto& peer = static_cast<InetSocket&>(*std::exchange(peer_, nullptr));
  const bool over = peer.closed();
  peer.peer_ = nullptr;
  const bool abort = has_messages() || embryo_ || (options_.linger && options_.linger_seconds == 0);
  if (abort && !over) {
    peer.reset_ = true;
    peer.error_ = write_shut_ ? Errno::kPIPE : Errno::kCONNRESET;
  }
  peer.queue_.wake();
}

// --- addresses

SysResult<Endpoint> InetSocket::parse(AddressBytes bytes) const {
  const uint16_t told = TRY(family_of(bytes));
  if (family() == SocketFamily::kInet) {
    const Endpoint endpoint = TRY(parse_ipv4(bytes));
    if (told != number(SocketFamily::kInet)) return Errno::kAFNOSUPPORT;
    return endpoint;
  }
  // A datagram's address may be of IPv4.
  const bool mixed = !stream() && !ipv6_only() && told == number(SocketFamily::kInet);
  if (mixed) return parse_ipv4(bytes);
  const Endpoint endpoint = TRY(parse_ipv6(bytes));
  if (told != number(SocketFamily::kInet6)) return Errno::kAFNOSUPPORT;
  if (is_link_local(endpoint.ip)) return Errno::kINVAL;
  return endpoint;
}

std::string InetSocket::encode(const Endpoint& endpoint) const {
  if (family() == SocketFamily::kInet) {
    AddressIpv4 address{};
    address.family = number(SocketFamily::kInet);
    put_port(address.port, endpoint.port);
    std::copy_n(endpoint.ip.begin() + 12, sizeof address.ip, address.ip);
    return {reinterpret_cast<const char*>(&address), sizeof address};
  }
  AddressIpv6 address{};
  address.family = number(SocketFamily::kInet6);
  put_port(address.port, endpoint.port);
  std::copy(endpoint.ip.begin(), endpoint.ip.end(), address.ip);
  return {reinterpret_cast<const char*>(&address), sizeof address};
}

std::string InetSocket::name_of(const SocketAddress& sender) const {
  Endpoint endpoint;
  if (sender.size() != sizeof endpoint) return {};
  std::memcpy(&endpoint, sender.data(), sizeof endpoint);
  return encode(endpoint);
}

SysResult<std::string> InetSocket::peer_name() const {
  if (!has_remote_ || (stream() && !connected())) return Errno::kNOTCONN;
  return encode(remote_);
}

SysResult<Endpoint> InetSocket::reachable(Endpoint to) const {
  // No address means this host, by the family that the sender has.
  if (to.ip == kAnyIpv4)
    to.ip = is_any(local_.ip) || !is_ipv4(local_.ip) ? kLoopbackIpv4 : local_.ip;
  if (to.ip == kAnyIpv6)
    to.ip = is_any(local_.ip) || is_ipv4(local_.ip) ? kLoopbackIpv6 : local_.ip;
  if (!is_local(to.ip)) {
    const bool broadcast = !stream() && is_loopback_net(to.ip);  // 127.255.255.255
    return broadcast ? Errno::kACCES : Errno::kNETUNREACH;
  }
  const bool other_family = is_ipv4(to.ip) != is_ipv4(local_.ip) && local_.ip != kAnyIpv6;
  if (other_family || (is_ipv4(to.ip) && ipv6_only())) return Errno::kNETUNREACH;
  return to;
}

IpAddress InetSocket::source_for(const Endpoint& to) const {
  if (!is_any(local_.ip)) return local_.ip;
  return is_ipv4(to.ip) ? kLoopbackIpv4 : kLoopbackIpv6;
}

SysResult<Unit> InetSocket::claim_port(Call& call) {
  if (!bound()) local_.port = TRY(io_.loopback().claim(*this, call.process().random_source()));
  return Unit{};
}

SysResult<Unit> InetSocket::bind(Call& call, AddressBytes address) {
  const Endpoint wanted = TRY(parse(address));
  if (is_ipv4(wanted.ip) && ipv6_only()) return Errno::kINVAL;
  if (!is_any(wanted.ip) && !is_local(wanted.ip)) return Errno::kADDRNOTAVAIL;
  if (wanted.port != 0 && wanted.port < Loopback::kFirstFreePort) {
    call.kernel().log(call.process().name + ": denied: a port below 1024 (EACCES)");
    return Errno::kACCES;
  }
  if (bound() || has_remote_) return Errno::kINVAL;
  const Endpoint before = std::exchange(local_, wanted);
  const auto port = io_.loopback().claim(*this, call.process().random_source());
  if (!port.ok()) {
    local_ = before;
    return port.error();
  }
  local_.port = *port;
  address_fixed_ = !is_any(wanted.ip);
  port_fixed_ = wanted.port != 0;
  return Unit{};
}

// What connect() chose goes; what bind() named stays.
void InetSocket::forget_names() {
  const IpAddress any = family() == SocketFamily::kInet ? kAnyIpv4 : kAnyIpv6;
  has_remote_ = false;
  remote_ = {any, 0};
  if (!address_fixed_) local_.ip = any;
  if (bound() && !port_fixed_)
    io_.loopback().release(*this, std::exchange(local_.port, uint16_t{0}));
}

// --- connections

SysResult<WaitQueue*> InetSocket::connect(Call& call, AddressBytes address) {
  if (TRY(family_of(address)) == kUnspecified) {
    disconnect();
    return nullptr;
  }
  if (stream()) return connect_stream(call, address);
  TRY(connect_datagram(call, address));
  return nullptr;
}

SysResult<Unit> InetSocket::connect_datagram(Call& call, AddressBytes address) {
  const Endpoint wanted = TRY(parse(address));
  const Endpoint to = TRY(reachable(wanted));
  if (!claim_port(call).ok()) return Errno::kADDRNOTAVAIL;
  local_.ip = source_for(to);
  remote_ = to;
  has_remote_ = true;
  return Unit{};
}

SysResult<WaitQueue*> InetSocket::connect_stream(Call& call, AddressBytes address) {
  if (connecting_) return finish_connect();
  if (listening_ || had_peer_) return Errno::kISCONN;
  const Endpoint wanted = TRY(parse(address));
  const Endpoint to = TRY(reachable(wanted));
  if (!claim_port(call).ok()) return Errno::kADDRNOTAVAIL;
  local_.ip = source_for(to);
  remote_ = to;
  has_remote_ = connecting_ = true;
  error_ = kNoError;
  if (InetSocket* listener = io_.loopback().find_listener(to, local_))
    meet(*listener);
  else
    fail(Errno::kCONNREFUSED);
  if (flags() & kNonBlock) return Errno::kINPROGRESS;
  return finish_connect();
}

// How a connection that was begun has ended.
SysResult<WaitQueue*> InetSocket::finish_connect() {
  if (waits_at_) {
    if (flags() & kNonBlock) return Errno::kALREADY;
    return &queue_;
  }
  connecting_ = false;
  if (had_peer_) return nullptr;
  forget_names();
  const Errno error = take_error();
  return error == kNoError ? Errno::kCONNABORTED : error;
}

void InetSocket::meet(InetSocket& listener) {
  if (listener.pending_.size() > listener.backlog_) {
    waits_at_ = &listener;
    listener.waiting_.push_back(this);
    return;
  }
  const auto done = establish(listener);
  if (!done.ok()) fail(done.error());
}

SysResult<Unit> InetSocket::establish(InetSocket& listener) {
  Ref<InetSocket> server = TRY(create(io_, listener.family(), listener.type(), listener.owner_, 0));
  server->options_ = listener.options_;
  server->capacity_ = listener.capacity_;
  server->local_ = remote_;
  server->remote_ = local_;
  server->has_remote_ = server->embryo_ = server->address_fixed_ = server->port_fixed_ = true;
  io_.loopback().share(*server, server->local_.port);
  const SocketCredentials nobody = peer_credentials_;
  connect_pair(*this, *server);
  peer_credentials_ = server->peer_credentials_ = nobody;
  listener.pending_.push_back(server);
  listener.queue_.wake_for(kPollIn);
  queue_.wake();
  return Unit{};
}

void InetSocket::fail(Errno error) {
  error_ = error;
  queue_.wake();
}

void InetSocket::stop_waiting() {
  if (waits_at_) std::erase(std::exchange(waits_at_, nullptr)->waiting_, this);
}

void InetSocket::backlog_has_room() {
  while (!waiting_.empty() && pending_.size() <= backlog_) {
    InetSocket& next = *waiting_.front();
    waiting_.pop_front();
    next.waits_at_ = nullptr;
    next.meet(*this);
  }
}

SysResult<Unit> InetSocket::listen(Call& call, uint32_t backlog) {
  if (!stream()) return Errno::kOPNOTSUPP;
  if (connecting_ || had_peer_) return Errno::kINVAL;
  if (!listening_) {
    TRY(claim_port(call));
    TRY(io_.loopback().start_listening(*this));
  }
  start_listening(backlog);
  backlog_has_room();
  return Unit{};
}

void InetSocket::stop_listening() {
  if (!listening_) return;
  listening_ = false;
  io_.loopback().stop_listening(*this);
  drop_pending();
  while (!waiting_.empty()) {
    InetSocket& refused = *waiting_.front();
    waiting_.pop_front();
    refused.waits_at_ = nullptr;
    refused.fail(Errno::kCONNREFUSED);
  }
  queue_.wake();
}

bool InetSocket::peer_ended() const {
  const auto* peer = static_cast<const InetSocket*>(peer_);
  return had_peer_ && (!peer || peer->write_shut_);
}

void InetSocket::disconnect() {
  if (!stream()) return forget_names();
  stop_waiting();
  stop_listening();
  embryo_ = true;  // a reset, whatever was read
  hang_up();
  embryo_ = false;
  drop_messages();
  forget_names();
  connecting_ = had_peer_ = reset_ = read_shut_ = write_shut_ = false;
  error_ = kNoError;
  queue_.wake();
}

SysResult<Unit> InetSocket::shutdown(uint32_t which) {
  if (listening_) {
    if ((which & kShutRead) == 0) return Unit{};
    stop_listening();
    forget_names();
    return Unit{};
  }
  if (waits_at_) {
    disconnect();
    return Unit{};
  }
  if (stream() && !connected()) return Errno::kNOTCONN;
  if (which & kShutRead) read_shut_ = true;
  if (which & kShutWrite) write_shut_ = true;
  if (peer_) static_cast<InetSocket&>(*peer_).queue_.wake();
  queue_.wake();
  if (!has_remote_) return Errno::kNOTCONN;  // as on Linux, which has shut it nevertheless
  return Unit{};
}

// --- data

SysResult<Socket::Route> InetSocket::route(Call& call, AddressBytes address) {
  if (error_ != kNoError) return take_error();
  if (write_shut_) return Errno::kPIPE;
  return stream() ? route_stream() : route_datagram(call, address);
}

SysResult<Socket::Route> InetSocket::route_stream() {
  if (waits_at_) return Errno::kAGAIN;
  if (peer_) return Route{peer_, {}};
  if (!had_peer_ || reset_) return Errno::kPIPE;
  // The other end is gone, and says so when it gets something.
  reset_ = true;
  fail(Errno::kPIPE);
  return Route{};
}

SysResult<Socket::Route> InetSocket::route_datagram(Call& call, AddressBytes address) {
  if (address.empty() && !has_remote_) return Errno::kDESTADDRREQ;
  Endpoint to = remote_;
  if (!address.empty()) {
    to = TRY(parse(address));
    if (to.port == 0) return Errno::kINVAL;
    to = TRY(reachable(to));
  }
  if (!claim_port(call).ok()) return Errno::kADDRNOTAVAIL;
  const Endpoint from{source_for(to), local_.port};
  InetSocket* target = io_.loopback().find_datagram(to, from);
  // Only who is connected to a port learns that nobody is there.
  if (!target && has_remote_ && to == remote_) fail(Errno::kCONNREFUSED);
  return Route{target, pack(from)};
}

SysResult<Unit> InetSocket::nothing_left() {
  if (waits_at_) return Errno::kAGAIN;
  if (error_ != kNoError && error_ != Errno::kPIPE) return take_error();
  if (stream() && !had_peer_) return Errno::kNOTCONN;
  if (!at_end()) return Errno::kAGAIN;
  return Unit{};
}

void InetSocket::room_made() {
  if (stream() && peer_) static_cast<InetSocket&>(*peer_).queue_.wake_for(kPollOut);
}

SysResult<Unit> InetSocket::set_option(SocketOption option, int32_t value) {
  if (option == SocketOption::kIpv6Only && bound()) return Errno::kINVAL;
  TRY(options_.set(option, value));
  if (option == SocketOption::kReceiveBuffer) {
    capacity_ = static_cast<uint64_t>(options_.get(option));
    room_made();
  }
  return Unit{};
}

// --- readiness

uint32_t InetSocket::poll() {
  if (listening_) return pending_.empty() ? 0 : kPollIn;
  if (stream()) return waits_at_ ? 0 : poll_stream();
  uint32_t events = kPollOut;
  if (error_ != kNoError) events |= kPollErr;
  if (has_messages() || read_shut_) events |= kPollIn;
  if (read_shut_) events |= kPollRdHup;
  if (read_shut_ && write_shut_) events |= kPollHup;
  return events;
}

uint32_t InetSocket::poll_stream() const {
  const bool failed = connecting_ && !had_peer_;
  const bool no_more = at_end() || failed;
  uint32_t events = 0;
  if (error_ != kNoError) events |= kPollErr;
  if (has_messages() || no_more) events |= kPollIn;
  if (no_more) events |= kPollRdHup;
  if (!had_peer_ || (no_more && (write_shut_ || reset_))) events |= kPollHup;
  const auto* peer = static_cast<const InetSocket*>(peer_);
  if (!peer || write_shut_ || peer->has_room(1)) events |= kPollOut;
  return events;
}

}  // namespace cloche::kernel
