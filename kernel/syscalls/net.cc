// Sockets and their connections: AF_UNIX, and AF_INET and AF_INET6 on the sandbox's own loopback
// network. Raw sockets are denied (EPERM), every other family is unknown (EAFNOSUPPORT).
#include <algorithm>
#include <array>
#include <cstring>

#include "kernel/io_state.h"
#include "kernel/kernel.h"
#include "kernel/open.h"
#include "kernel/socket_inet.h"
#include "kernel/socket_unix.h"
#include "kernel/syscalls/blocking.h"
#include "kernel/syscalls/handlers.h"
#include "kernel/syscalls/sockets.h"

namespace cloche::kernel {
namespace {

constexpr uint32_t kTypeMask = 0xf, kLastType = 10;
constexpr uint32_t kStreamType = 1, kDatagramType = 2, kRawType = 3, kSequencedType = 5;
constexpr int32_t kUnix = 1, kInet = 2, kInet6 = 10;
constexpr int32_t kIcmp = 1, kTcp = 6, kUdp = 17, kIcmp6 = 58;
constexpr uint32_t kMaxAddress = 128;  // struct sockaddr_storage

SysResult<SocketType> unix_type(uint32_t type, int32_t protocol) {
  if (protocol != 0 && protocol != kUnix) return Errno::kPROTONOSUPPORT;
  if (type == kStreamType) return SocketType::kStream;
  if (type == kDatagramType) return SocketType::kDatagram;
  if (type == kSequencedType) return SocketType::kSequenced;
  return Errno::kSOCKTNOSUPPORT;
}

Errno denied(Call& call, const char* what, Errno error) {
  call.kernel().log(call.process().name + ": denied: " + what + " (" + abi::errno_name(error) +
                    ")");
  return error;
}

SysResult<SocketType> inet_type(Call& call, int32_t family, uint32_t type, int32_t protocol) {
  const int32_t echo = family == kInet ? kIcmp : kIcmp6;
  if (type == kRawType)
    return protocol == 0 ? Errno::kPROTONOSUPPORT : denied(call, "a raw socket", Errno::kPERM);
  if (type == kDatagramType && protocol == echo)
    return denied(call, "an ICMP socket", Errno::kACCES);
  if (type != kStreamType && type != kDatagramType) return Errno::kSOCKTNOSUPPORT;
  const bool stream = type == kStreamType;
  if (protocol != 0 && protocol != (stream ? kTcp : kUdp)) return Errno::kPROTONOSUPPORT;
  return stream ? SocketType::kStream : SocketType::kDatagram;
}

SysResult<Unit> check_flags(uint32_t type) {
  if (type & ~uint32_t{kTypeMask | kNonBlock | kCloseOnExec}) return Errno::kINVAL;
  if ((type & kTypeMask) > kLastType) return Errno::kINVAL;
  return Unit{};
}

SysResult<Ref<UnixSocket>> new_unix(Call& call, uint32_t type, int32_t protocol) {
  const SocketType kind = TRY(unix_type(type & kTypeMask, protocol));
  return UnixSocket::create(call.kernel().io(), kind, credentials_of(call.process()), type);
}

SysResult<FileRef> new_socket(Call& call, int32_t family, uint32_t type, int32_t protocol) {
  TRY(check_flags(type));
  if (family == kUnix) return FileRef(TRY(new_unix(call, type, protocol)));
  if (family != kInet && family != kInet6) return Errno::kAFNOSUPPORT;
  const SocketType kind = TRY(inet_type(call, family, type & kTypeMask, protocol));
  return FileRef(TRY(InetSocket::create(call.kernel().io(), static_cast<SocketFamily>(family), kind,
                                        credentials_of(call.process()), type)));
}

}  // namespace

SysResult<AddressBytes> address_in(Call& call, UserPtr at, uint32_t size) {
  if (size > kMaxAddress) return Errno::kINVAL;
  return call.bytes_in(at, size);
}

SysResult<Unit> put_address(Call& call, const std::string& bytes, UserPtr at, UserPtr size_at) {
  const auto room = TRY(call.get<int32_t>(size_at));
  if (room < 0) return Errno::kINVAL;
  const uint64_t count = std::min<uint64_t>(bytes.size(), static_cast<uint64_t>(room));
  std::memcpy(TRY(call.bytes_out(at, count)).data(), bytes.data(), count);
  return call.put(size_at, static_cast<uint32_t>(bytes.size()));
}

SysResult<Ref<Socket>> socket_of(Call& call, Fd fd) {
  const FileRef file = TRY(file_of(call, fd));
  if (file->kind() != FileKind::kSocket) return Errno::kNOTSOCK;
  return Ref<Socket>(static_cast<Socket*>(file.get()));
}

SysResult<int32_t> sys_socket(Call& call, int32_t family, uint32_t type, int32_t protocol) {
  const FileRef socket = TRY(new_socket(call, family, type, protocol));
  return install(call, socket, type);
}

SysResult<int32_t> sys_socketpair(Call& call, int32_t family, uint32_t type, int32_t protocol,
                                  UserPtr fds_at) {
  TRY(check_flags(type));
  if (family == kInet || family == kInet6) return Errno::kOPNOTSUPP;
  if (family != kUnix) return Errno::kAFNOSUPPORT;
  TRY(call.bytes_out(fds_at, 2 * sizeof(int32_t)));
  TRY(call.process().fds->check_room(2, descriptor_limit(call.process())));
  const Ref<UnixSocket> a = TRY(new_unix(call, type, protocol));
  const Ref<UnixSocket> b = TRY(new_unix(call, type, protocol));
  UnixSocket::connect_pair(*a, *b);
  std::array<int32_t, 2> fds{};
  fds[0] = TRY(install(call, a, type));
  fds[1] = TRY(install(call, b, type));
  TRY(call.put(fds_at, fds));
  return 0;
}

SysResult<int32_t> sys_bind(Call& call, Fd fd, UserPtr address_at, uint32_t size) {
  const auto socket = TRY(socket_of(call, fd));
  const AddressBytes address = TRY(address_in(call, address_at, size));
  TRY(socket->bind(call, address));
  return 0;
}

SysResult<int32_t> sys_listen(Call& call, Fd fd, uint32_t backlog) {
  const auto socket = TRY(socket_of(call, fd));
  TRY(socket->listen(call, backlog));
  return 0;
}

SysResult<Ref<Socket>> accept_blocking(Call& call, const Ref<Socket>& listener) {
  auto accepted = listener->accept();
  if (accepted.ok() || accepted.error() != Errno::kAGAIN || nonblocking(*listener)) return accepted;
  start_timeout(call, listener->options().receive_timeout_ns);
  return wait_for(call, listener, kPollIn);
}

SysResult<int32_t> sys_accept4(Call& call, Fd fd, UserPtr address_at, UserPtr size_at,
                               uint32_t flags) {
  if (flags & ~uint32_t{kNonBlock | kCloseOnExec}) return Errno::kINVAL;
  const auto listener = TRY(socket_of(call, fd));
  TRY(call.process().fds->check_room(1, descriptor_limit(call.process())));
  if (address_at) TRY(call.bytes_out(size_at, sizeof(uint32_t)));
  const Ref<Socket> socket = TRY(accept_blocking(call, listener));
  if (flags & kNonBlock) socket->set_flags(socket->flags() | kNonBlock);
  if (address_at) TRY(put_address(call, socket->client_name(), address_at, size_at));
  return install(call, socket, flags);
}

SysResult<int32_t> sys_accept(Call& call, Fd fd, UserPtr address_at, UserPtr size_at) {
  return sys_accept4(call, fd, address_at, size_at, 0);
}

SysResult<int32_t> sys_connect(Call& call, Fd fd, UserPtr address_at, uint32_t size) {
  const auto socket = TRY(socket_of(call, fd));
  const AddressBytes address = TRY(address_in(call, address_at, size));
  WaitQueue* wait = TRY(socket->connect(call, address));
  if (!wait) return 0;
  if (call.timed_out())
    return socket->family() == SocketFamily::kUnix ? Errno::kAGAIN : Errno::kINPROGRESS;
  call.scratch().object = socket;
  start_timeout(call, socket->options().send_timeout_ns);
  const int64_t deadline = call.scratch().deadline;
  return call.block({wait}, deadline == 0 ? Call::kNoDeadline : deadline);
}

SysResult<int32_t> sys_getsockname(Call& call, Fd fd, UserPtr address_at, UserPtr size_at) {
  const auto socket = TRY(socket_of(call, fd));
  TRY(put_address(call, socket->local_name(), address_at, size_at));
  return 0;
}

SysResult<int32_t> sys_getpeername(Call& call, Fd fd, UserPtr address_at, UserPtr size_at) {
  const auto socket = TRY(socket_of(call, fd));
  const std::string name = TRY(socket->peer_name());
  TRY(put_address(call, name, address_at, size_at));
  return 0;
}

SysResult<int32_t> sys_shutdown(Call& call, Fd fd, uint32_t how) {
  constexpr uint32_t kBoth = 2;
  const auto socket = TRY(socket_of(call, fd));
  if (how > kBoth) return Errno::kINVAL;
  TRY(socket->shutdown(how + 1));  // 0, 1, 2 are the bits 1, 2, 3
  return 0;
}

}  // namespace cloche::kernel
