// getsockopt and setsockopt.
#include <algorithm>
#include <cstring>

#include "kernel/kernel.h"
#include "kernel/syscalls/handlers.h"
#include "kernel/syscalls/sockets.h"
#include "kernel/syscalls/user_time.h"

namespace cloche::kernel {
namespace {

// Those that are no numbers to be set: kernel/socket_options.h has the others.
enum SpecialOption : int32_t {
  kTypeOption = 3,
  kErrorOption = 4,
  kLinger = 13,
  kPeerCredentials = 17,
  kAcceptConnections = 30,
  kProtocolOption = 38,
  kDomainOption = 39,
  kReceiveTimeout = 66,  // of 64-bit time, as those of the guest's libc are
  kSendTimeout = 67,
};

struct Linger {
  int32_t on, seconds;
};
struct Timeval {
  int64_t seconds, microseconds;
};
constexpr int64_t kMicrosecond = 1000, kMicroseconds = 1'000'000;

SysResult<Unit> put_option(Call& call, const void* value, uint32_t size, UserPtr at,
                           UserPtr size_at) {
  const auto room = TRY(call.get<int32_t>(size_at));
  if (room < 0) return Errno::kINVAL;
  const uint32_t count = std::min(size, static_cast<uint32_t>(room));
  std::memcpy(TRY(call.bytes_out(at, count)).data(), value, count);
  return call.put(size_at, count);
}

template <class T>
SysResult<int32_t> answer(Call& call, const T& value, UserPtr at, UserPtr size_at) {
  TRY(put_option(call, &value, sizeof value, at, size_at));
  return 0;
}

Timeval timeval_of(int64_t nanoseconds) {
  return {nanoseconds / kNanosecondsPerSecond, nanoseconds % kNanosecondsPerSecond / kMicrosecond};
}

// EDOM; 0, and a time below zero, which is over at once on Linux, too: none.
SysResult<int64_t> nanoseconds_of(const Timeval& time) {
  if (time.microseconds < 0 || time.microseconds >= kMicroseconds) return Errno::kDOM;
  if (time.seconds < 0) return 0;
  return to_nanoseconds({time.seconds, time.microseconds * kMicrosecond});
}

SysResult<int32_t> state_option(Socket& socket, int32_t option) {
  switch (option) {
    case kTypeOption:
      return static_cast<int32_t>(socket.type());
    case kErrorOption:
      return static_cast<int32_t>(socket.take_error());
    case kDomainOption:
      return static_cast<int32_t>(socket.family());
    case kProtocolOption:
      return socket.protocol();
    case kAcceptConnections:
      return socket.listening() ? 1 : 0;
    default:
      return Errno::kNOPROTOOPT;
  }
}

// Whether the socket has options of this level at all.
bool has_level(const Socket& socket, int32_t level) {
  if (level == kSolSocket) return true;
  if (socket.family() == SocketFamily::kUnix) return false;
  if (level == kSolIp || level == kSolIpv6) return true;
  return level == socket.protocol();
}

}  // namespace

SysResult<int32_t> sys_getsockopt(Call& call, Fd fd, int32_t level, int32_t option, UserPtr value,
                                  UserPtr size_at) {
  const auto socket = TRY(socket_of(call, fd));
  if (!has_level(*socket, level)) return Errno::kOPNOTSUPP;
  const SocketOptions& options = socket->options();
  if (const auto known = options.find(level, option))
    return answer(call, options.get(*known), value, size_at);
  if (level != kSolSocket) return Errno::kNOPROTOOPT;
  switch (option) {
    case kPeerCredentials:
      return answer(call, socket->peer_credentials(), value, size_at);
    case kLinger:
      return answer(call, Linger{options.linger ? 1 : 0, options.linger_seconds}, value, size_at);
    case kReceiveTimeout:
      return answer(call, timeval_of(options.receive_timeout_ns), value, size_at);
    case kSendTimeout:
      return answer(call, timeval_of(options.send_timeout_ns), value, size_at);
    default:
      break;
  }
  const int32_t number = TRY(state_option(*socket, option));
  return answer(call, number, value, size_at);
}

SysResult<int32_t> sys_setsockopt(Call& call, Fd fd, int32_t level, int32_t option, UserPtr value,
                                  uint32_t size) {
  const auto socket = TRY(socket_of(call, fd));
  SocketOptions& options = socket->options();
  if (!has_level(*socket, level))
    return socket->family() == SocketFamily::kUnix ? Errno::kOPNOTSUPP : Errno::kNOPROTOOPT;
  if (size < sizeof(int32_t)) return Errno::kINVAL;
  if (const auto known = options.find(level, option)) {
    const auto number = TRY(call.get<int32_t>(value));
    TRY(socket->set_option(*known, number));
    return 0;
  }
  if (level != kSolSocket) return Errno::kNOPROTOOPT;
  if (option == kLinger) {
    if (size < sizeof(Linger)) return Errno::kINVAL;
    const auto linger = TRY(call.get<Linger>(value));
    options.linger = linger.on != 0;
    options.linger_seconds = linger.seconds;
    return 0;
  }
  if (option != kReceiveTimeout && option != kSendTimeout) return Errno::kNOPROTOOPT;
  if (size < sizeof(Timeval)) return Errno::kINVAL;
  const auto time = TRY(call.get<Timeval>(value));
  const int64_t timeout = TRY(nanoseconds_of(time));
  (option == kReceiveTimeout ? options.receive_timeout_ns : options.send_timeout_ns) = timeout;
  return 0;
}

}  // namespace cloche::kernel
