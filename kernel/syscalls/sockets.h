// What the calls on sockets share, those of WASI among them.
#pragma once

#include <span>

#include "kernel/socket.h"

namespace cloche::kernel {

// Of recvmsg(2), as far as receiving heeds them.
enum ReceiveFlags : uint32_t { kPeek = 2, kTruncated = 0x20, kDontWait = 0x40, kWaitAll = 0x100 };

SysResult<Ref<Socket>> socket_of(Call& call, Fd fd);  // EBADF, ENOTSOCK
// A struct sockaddr of the guest, which it can change only after this call. EINVAL: beyond 128
// bytes.
SysResult<AddressBytes> address_in(Call& call, UserPtr at, uint32_t size);
// Copies as much of an address as the guest has room for, and says how long it is.
SysResult<Unit> put_address(Call& call, const std::string& bytes, UserPtr at, UserPtr size_at);
// The first connection that waits, not yet with a descriptor. May block.
SysResult<Ref<Socket>> accept_blocking(Call& call, const Ref<Socket>& listener);
// One packet, or what a stream has; with kWaitAll until the buffers are full. May block.
SysResult<Socket::Received> receive_blocking(Call& call, const Ref<Socket>& socket,
                                             Socket::Buffers buffers, uint32_t flags);

}  // namespace cloche::kernel
