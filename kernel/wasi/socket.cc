// Sockets. A program for WASI makes none; it inherits some, and accepts others from them.
#include <algorithm>

#include "kernel/open.h"
#include "kernel/socket_unix.h"
#include "kernel/syscalls/blocking.h"
#include "kernel/wasi/access.h"
#include "kernel/wasi/handlers.h"

namespace cloche::kernel::wasi {
namespace {

// ENOTSOCK comes before ENOTCAPABLE: no other descriptor has these rights.
SysResult<Ref<UnixSocket>> socket_with(Call& call, Fd fd, Rights needed) {
  const FileRef file = TRY(file_with(call, fd, 0));
  if (file->kind() != FileKind::kSocket) return Errno::kNOTSOCK;
  TRY(file_with(call, fd, needed));
  return Ref<UnixSocket>(static_cast<UnixSocket*>(file.get()));
}

enum ReceiveFlags : uint32_t { kPeek = 1, kWaitAll = 2 };
constexpr uint16_t kDataTruncated = 1;

// What follows `done` bytes of the buffers, first piece only.
std::span<uint8_t> next_piece(std::span<const std::span<uint8_t>> buffers, uint64_t done) {
  for (const auto& buffer : buffers) {
    if (done < buffer.size()) return buffer.subspan(done);
    done -= buffer.size();
  }
  return {};
}

void scatter(std::span<const uint8_t> bytes, std::span<const std::span<uint8_t>> buffers) {
  for (const auto& buffer : buffers) {
    const auto part = bytes.first(std::min(bytes.size(), buffer.size()));
    std::copy(part.begin(), part.end(), buffer.begin());
    bytes = bytes.subspan(part.size());
  }
}

// One packet, over all buffers. Passed files are let go: nothing here could name them.
SysResult<UnixSocket::Received> receive_packet(UnixSocket& socket,
                                               std::span<const std::span<uint8_t>> buffers,
                                               UnixSocket::Take take) {
  uint64_t total = 0;
  for (const auto& buffer : buffers) total += buffer.size();
  std::vector<uint8_t> bytes(std::min(total, UnixSocket::kBufferBytes));
  UnixSocket::Received received = TRY(socket.receive(bytes, take));
  scatter({bytes.data(), static_cast<size_t>(received.count)}, buffers);
  return received;
}

// Bytes of a stream: what is there, or all that fits (`all`).
SysResult<uint64_t> receive_stream(Call& call, const Ref<UnixSocket>& socket,
                                   std::span<const std::span<uint8_t>> buffers,
                                   UnixSocket::Take take, bool all) {
  uint64_t& done = call.scratch().progress;
  for (;;) {
    const std::span<uint8_t> piece = next_piece(buffers, done);
    if (piece.empty() && done > 0) return done;
    const auto received = socket->receive(piece, take);
    if (received.ok()) {
      done += received->count;
      const bool again = take == UnixSocket::Take::kRemove && received->count > 0;
      if (!again) return done;
      continue;
    }
    if (received.error() != Errno::kAGAIN)
      return done > 0 ? SysResult<uint64_t>(done) : received.error();
    if (done > 0 && !all) return done;
    if (nonblocking(*socket)) return done > 0 ? SysResult<uint64_t>(done) : Errno::kAGAIN;
    return wait_for(call, socket, kPollIn);
  }
}

SysResult<UnixSocket::Received> receive(Call& call, const Ref<UnixSocket>& socket,
                                        std::span<const std::span<uint8_t>> buffers,
                                        uint32_t flags) {
  const auto take = (flags & kPeek) ? UnixSocket::Take::kPeek : UnixSocket::Take::kRemove;
  if (socket->type() == SocketType::kStream) {
    UnixSocket::Received received;
    received.count = TRY(receive_stream(call, socket, buffers, take, (flags & kWaitAll) != 0));
    received.full_size = received.count;
    return received;
  }
  auto packet = receive_packet(*socket, buffers, take);
  if (packet.ok() || packet.error() != Errno::kAGAIN || nonblocking(*socket)) return packet;
  return wait_for(call, socket, kPollIn);
}

}  // namespace

Outcome sock_accept(Call& call, Fd fd, uint32_t flags, UserPtr accepted) {
  const Ref<UnixSocket> listener = TRY(socket_with(call, fd, kSockAccept));
  if (flags & ~uint32_t{kFlagNonblock}) return Errno::kINVAL;
  TRY(call.bytes_out(accepted, sizeof(uint32_t)));
  TRY(call.process().fds->check_room(1, descriptor_limit(call.process())));
  const auto socket = listener->accept();
  if (!socket.ok()) {
    if (socket.error() != Errno::kAGAIN || nonblocking(*listener)) return socket.error();
    return wait_for(call, listener, kPollIn);
  }
  if (flags & kFlagNonblock) (*socket)->set_flags((*socket)->flags() | kNonBlock);
  const int32_t number = TRY(install(call, *socket, 0));
  call.process().wasi->add(Fd{number}, {rights_of(**socket), 0, {}});
  return call.put(accepted, number);
}

Outcome sock_recv(Call& call, Fd fd, UserPtr vectors, uint32_t count, uint32_t flags, UserPtr done,
                  UserPtr done_flags) {
  const Ref<UnixSocket> socket = TRY(socket_with(call, fd, kFdRead));
  if (flags & ~uint32_t{kPeek | kWaitAll}) return Errno::kINVAL;
  TRY(call.bytes_out(done, sizeof(uint32_t)));
  TRY(call.bytes_out(done_flags, sizeof(uint16_t)));
  const auto buffers = TRY(out_vectors(call, vectors, count));
  const UnixSocket::Received received = TRY(receive(call, socket, buffers, flags));
  const bool cut = received.full_size > received.count;
  TRY(call.put(done, static_cast<uint32_t>(received.count)));
  return call.put(done_flags, cut ? kDataTruncated : uint16_t{0});
}

Outcome sock_send(Call& call, Fd fd, UserPtr vectors, uint32_t count, uint32_t flags,
                  UserPtr done) {
  const Ref<UnixSocket> socket = TRY(socket_with(call, fd, kFdWrite));
  if (flags != 0) return Errno::kINVAL;
  TRY(call.bytes_out(done, sizeof(uint32_t)));
  const auto buffers = TRY(in_vectors(call, vectors, count));
  const uint64_t size = TRY(write_blocking(call, socket, buffers));
  return call.put(done, static_cast<uint32_t>(size));
}

Outcome sock_shutdown(Call& call, Fd fd, uint32_t how) {
  constexpr uint32_t kRead = 1, kWrite = 2;
  const Ref<UnixSocket> socket = TRY(socket_with(call, fd, kSockShutdown));
  if (how == 0 || (how & ~(kRead | kWrite))) return Errno::kINVAL;
  uint32_t which = 0;
  if (how & kRead) which |= UnixSocket::kShutRead;
  if (how & kWrite) which |= UnixSocket::kShutWrite;
  return socket->shutdown(which);
}

}  // namespace cloche::kernel::wasi
