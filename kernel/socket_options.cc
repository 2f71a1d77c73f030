#include "kernel/socket_options.h"

#include <algorithm>

namespace cloche::kernel {
namespace {

constexpr int32_t kMaxBuffer = 212'992;  // net.core.rmem_max and wmem_max
constexpr int32_t kLeastSendBuffer = 4608, kLeastReceiveBuffer = 2304;

struct Row {
  SocketOption option;
  int32_t level, number;
  uint8_t owner;
  int32_t initial, least, most;  // most 1: a switch, on for all but 0
};

constexpr uint8_t kInetOption = kTcpOption | kUdpOption, kAnyOption = kInetOption | kUnixOption;
constexpr int32_t kSecondsMost = 32'767, kCountMost = 127, kByte = 255;

// clang-format off
constexpr Row kRows[] = {
    {SocketOption::kReuseAddress, kSolSocket, 2, kAnyOption, 0, 0, 1},
    {SocketOption::kDontRoute, kSolSocket, 5, kAnyOption, 0, 0, 1},
    {SocketOption::kBroadcast, kSolSocket, 6, kAnyOption, 0, 0, 1},
    {SocketOption::kSendBuffer, kSolSocket, 7, kAnyOption, kMaxBuffer, INT32_MIN, INT32_MAX},
    {SocketOption::kReceiveBuffer, kSolSocket, 8, kAnyOption, kMaxBuffer, INT32_MIN, INT32_MAX},
    {SocketOption::kKeepAlive, kSolSocket, 9, kAnyOption, 0, 0, 1},
    {SocketOption::kUrgentInline, kSolSocket, 10, kAnyOption, 0, 0, 1},
    {SocketOption::kPriority, kSolSocket, 12, kAnyOption, 0, 0, 6},
    {SocketOption::kReusePort, kSolSocket, 15, kInetOption, 0, 0, 1},
    {SocketOption::kPassCredentials, kSolSocket, 16, kUnixOption, 0, 0, 1},
    {SocketOption::kIpTypeOfService, kSolIp, 1, kInetOption, 0, 0, kByte},
    {SocketOption::kIpTimeToLive, kSolIp, 2, kInetOption, 64, 1, kByte},
    {SocketOption::kTcpNoDelay, kSolTcp, 1, kTcpOption, 0, 0, 1},
    {SocketOption::kTcpMaxSegment, kSolTcp, 2, kTcpOption, 536, 88, 32'767},
    {SocketOption::kTcpCork, kSolTcp, 3, kTcpOption, 0, 0, 1},
    {SocketOption::kTcpKeepIdle, kSolTcp, 4, kTcpOption, 7200, 1, kSecondsMost},
    {SocketOption::kTcpKeepInterval, kSolTcp, 5, kTcpOption, 75, 1, kSecondsMost},
    {SocketOption::kTcpKeepCount, kSolTcp, 6, kTcpOption, 9, 1, kCountMost},
    {SocketOption::kTcpSynCount, kSolTcp, 7, kTcpOption, 6, 1, kCountMost},
    {SocketOption::kTcpQuickAck, kSolTcp, 12, kTcpOption, 1, 0, 1},
    {SocketOption::kTcpUserTimeout, kSolTcp, 18, kTcpOption, 0, 0, INT32_MAX},
    {SocketOption::kIpv6Hops, kSolIpv6, 16, kIpv6Option, 64, 0, kByte},
    {SocketOption::kIpv6Only, kSolIpv6, 26, kIpv6Option, 0, 0, 1},
    {SocketOption::kIpv6TrafficClass, kSolIpv6, 67, kIpv6Option, 0, 0, kByte},
};
// clang-format on
static_assert(std::size(kRows) == static_cast<size_t>(SocketOption::kCount));

constexpr bool rows_are_in_order() {
  for (size_t i = 0; i < std::size(kRows); ++i)
    if (static_cast<size_t>(kRows[i].option) != i) return false;
  return true;
}
static_assert(rows_are_in_order());

int32_t buffer_size(int32_t wanted, int32_t least) {
  return std::max(std::clamp(wanted, 0, kMaxBuffer) * 2, least);
}

}  // namespace

SocketOptions::SocketOptions(uint8_t owner) : owner_(owner) {
  for (size_t i = 0; i < values_.size(); ++i) values_[i] = kRows[i].initial;
}

std::optional<SocketOption> SocketOptions::find(int32_t level, int32_t number) const {
  for (const Row& row : kRows)
    if (row.level == level && row.number == number && (row.owner & owner_)) return row.option;
  return std::nullopt;
}

SysResult<Unit> SocketOptions::set(SocketOption option, int32_t value) {
  const Row& row = kRows[static_cast<size_t>(option)];
  if (row.most == 1) value = value != 0;
  if (option == SocketOption::kSendBuffer) value = buffer_size(value, kLeastSendBuffer);
  if (option == SocketOption::kReceiveBuffer) value = buffer_size(value, kLeastReceiveBuffer);
  if (value < row.least || value > row.most) return Errno::kINVAL;
  values_[static_cast<size_t>(option)] = value;
  return Unit{};
}

}  // namespace cloche::kernel
