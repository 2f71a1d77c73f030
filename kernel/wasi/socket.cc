// Sockets. A program for WASI makes none; it inherits some, and accepts others from them.
#include "kernel/open.h"
#include "kernel/syscalls/blocking.h"
#include "kernel/syscalls/sockets.h"
#include "kernel/wasi/access.h"
#include "kernel/wasi/handlers.h"

namespace cloche::kernel::wasi {
namespace {

// ENOTSOCK comes before ENOTCAPABLE: no other descriptor has these rights.
SysResult<Ref<Socket>> socket_with(Call& call, Fd fd, Rights needed) {
  const FileRef file = TRY(file_with(call, fd, 0));
  if (file->kind() != FileKind::kSocket) return Errno::kNOTSOCK;
  TRY(file_with(call, fd, needed));
  return Ref<Socket>(static_cast<Socket*>(file.get()));
}

constexpr uint32_t kPeekFlag = 1, kWaitAllFlag = 2;  // of sock_recv
constexpr uint16_t kDataTruncated = 1;

}  // namespace

Outcome sock_accept(Call& call, Fd fd, uint32_t flags, UserPtr accepted) {
  const Ref<Socket> listener = TRY(socket_with(call, fd, kSockAccept));
  if (flags & ~uint32_t{kFlagNonblock}) return Errno::kINVAL;
  TRY(call.bytes_out(accepted, sizeof(uint32_t)));
  TRY(call.process().fds->check_room(1, descriptor_limit(call.process())));
  const Ref<Socket> socket = TRY(accept_blocking(call, listener));
  if (flags & kFlagNonblock) socket->set_flags(socket->flags() | kNonBlock);
  const int32_t number = TRY(install(call, socket, 0));
  call.process().wasi->add(Fd{number}, {rights_of(*socket), 0, {}});
  return call.put(accepted, number);
}

Outcome sock_recv(Call& call, Fd fd, UserPtr vectors, uint32_t count, uint32_t flags, UserPtr done,
                  UserPtr done_flags) {
  const Ref<Socket> socket = TRY(socket_with(call, fd, kFdRead));
  if (flags & ~(kPeekFlag | kWaitAllFlag)) return Errno::kINVAL;
  TRY(call.bytes_out(done, sizeof(uint32_t)));
  TRY(call.bytes_out(done_flags, sizeof(uint16_t)));
  const auto buffers = TRY(out_vectors(call, vectors, count));
  const uint32_t how = ((flags & kPeekFlag) ? uint32_t{kPeek} : 0) |
                       ((flags & kWaitAllFlag) ? uint32_t{kWaitAll} : 0);
  // Passed files are let go: nothing here could name them.
  const Socket::Received received = TRY(receive_blocking(call, socket, buffers, how));
  const bool cut = received.full_size > received.count;
  TRY(call.put(done, static_cast<uint32_t>(received.count)));
  return call.put(done_flags, cut ? kDataTruncated : uint16_t{0});
}

Outcome sock_send(Call& call, Fd fd, UserPtr vectors, uint32_t count, uint32_t flags,
                  UserPtr done) {
  const Ref<Socket> socket = TRY(socket_with(call, fd, kFdWrite));
  if (flags != 0) return Errno::kINVAL;
  TRY(call.bytes_out(done, sizeof(uint32_t)));
  const auto buffers = TRY(in_vectors(call, vectors, count));
  const uint64_t size = TRY(write_blocking(call, socket, buffers));
  return call.put(done, static_cast<uint32_t>(size));
}

Outcome sock_shutdown(Call& call, Fd fd, uint32_t how) {
  constexpr uint32_t kRead = 1, kWrite = 2;
  const Ref<Socket> socket = TRY(socket_with(call, fd, kSockShutdown));
  if (how == 0 || (how & ~(kRead | kWrite))) return Errno::kINVAL;
  uint32_t which = 0;
  if (how & kRead) which |= Socket::kShutRead;
  if (how & kWrite) which |= Socket::kShutWrite;
  return socket->shutdown(which);
}

}  // namespace cloche::kernel::wasi
