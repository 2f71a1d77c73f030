// The options of a socket that are whole numbers, in one table: which socket has them, what they
// may be. What is about a socket's state (SO_ERROR, SO_TYPE) or no number is in
// syscalls/net_options.cc.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "abi/errno.h"

namespace cloche::kernel {

using abi::Errno;
using abi::SysResult;

inline constexpr int32_t kSolSocket = 1, kSolIp = 0, kSolTcp = 6, kSolUdp = 17, kSolIpv6 = 41;

// In the order of the table's rows.
enum class SocketOption : uint8_t {
  kReuseAddress,
  kDontRoute,
  kBroadcast,
  kSendBuffer,
  kReceiveBuffer,
  kKeepAlive,
  kUrgentInline,
  kPriority,
  kReusePort,
  kPassCredentials,
  kIpTypeOfService,
  kIpTimeToLive,
  kTcpNoDelay,
  kTcpMaxSegment,
  kTcpCork,
  kTcpKeepIdle,
  kTcpKeepInterval,
  kTcpKeepCount,
  kTcpSynCount,
  kTcpQuickAck,
  kTcpUserTimeout,
  kIpv6Hops,
  kIpv6Only,
  kIpv6TrafficClass,
  kCount,
};

// Whose an option is.
enum OptionOwner : uint8_t {
  kUnixOption = 1,
  kTcpOption = 2,
  kUdpOption = 4,
  kIpv6Option = 8,
};

class SocketOptions {
 public:
  explicit SocketOptions(uint8_t owner);
  // The option of that level and number, if sockets like this one have it.
  std::optional<SocketOption> find(int32_t level, int32_t number) const;
  int32_t get(SocketOption option) const { return values_[static_cast<size_t>(option)]; }
  bool on(SocketOption option) const { return get(option) != 0; }
  // EINVAL: out of its range. Buffer sizes are doubled and kept within bounds, as on Linux.
  SysResult<Unit> set(SocketOption option, int32_t value);

  bool linger = false;  // SO_LINGER
  int32_t linger_seconds = 0;
  int64_t receive_timeout_ns = 0, send_timeout_ns = 0;  // 0: none

 private:
  uint8_t owner_;
  std::array<int32_t, static_cast<size_t>(SocketOption::kCount)> values_;
};

}  // namespace cloche::kernel
