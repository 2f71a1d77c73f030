// The socket calls. AF_UNIX only: AF_INET and AF_INET6 are denied (EACCES) because a sandbox has no
// network, every other family is unknown (EAFNOSUPPORT).
#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "kernel/inode_state.h"
#include "kernel/io_state.h"
#include "kernel/kernel.h"
#include "kernel/open.h"
#include "kernel/socket_unix.h"
#include "kernel/syscalls/blocking.h"
#include "kernel/syscalls/handlers.h"
#include "kernel/syscalls/paths.h"
#include "kernel/syscalls/user_time.h"

namespace cloche::kernel {
namespace {

enum Family : int32_t { kUnspecified = 0, kUnix = 1, kInet = 2, kInet6 = 10 };
constexpr uint32_t kTypeMask = 0xf;
enum MessageFlags : uint32_t {
  kPeek = 2,
  kControlTruncated = 8,
  kTruncated = 0x20,
  kDontWait = 0x40,
  kEndOfRecord = 0x80,
  kWaitAll = 0x100,
  kNoSignal = 0x4000,
  kCloseOnExecFlag = 0x40000000,
};
constexpr uint32_t kFamilyBytes = 2, kMaxAddress = 110;  // struct sockaddr_un
constexpr uint32_t kMaxVectors = 1024;
constexpr uint64_t kStreamChunk = 262'144;  // of a stream's sendmsg or recvmsg at a time
constexpr int32_t kSolSocket = 1;

SocketCredentials credentials_of(const Process& process) {
  return {process.pid, process.credentials.uid, process.credentials.gid};
}

SysResult<Ref<UnixSocket>> socket_of(Call& call, Fd fd) {
  const FileRef file = TRY(file_of(call, fd));
  if (file->kind() != FileKind::kSocket) return Errno::kNOTSOCK;
  return Ref<UnixSocket>(static_cast<UnixSocket*>(file.get()));
}

SysResult<SocketType> checked_type(uint32_t type) {
  switch (type & kTypeMask) {
    case 1:
      return SocketType::kStream;
    case 2:
      return SocketType::kDatagram;
    case 5:
      return SocketType::kSequenced;
    default:
      return Errno::kSOCKTNOSUPPORT;
  }
}

// The checks of socket() and socketpair(), in Linux's order.
SysResult<SocketType> check_socket(Call& call, int32_t family, uint32_t type, int32_t protocol) {
  if (type & ~uint32_t{kTypeMask | kNonBlock | kCloseOnExec}) return Errno::kINVAL;
  if (family == kInet || family == kInet6) {
    call.kernel().log(call.process().name + ": denied: a network socket (EACCES)");
    return Errno::kACCES;
  }
  if (family != kUnix) return Errno::kAFNOSUPPORT;
  if (protocol != 0 && protocol != kUnix) return Errno::kPROTONOSUPPORT;
  return checked_type(type);
}

Ref<UnixSocket> new_socket(Call& call, SocketType type, uint32_t flags) {
  return make_ref<UnixSocket>(call.kernel().io(), type, credentials_of(call.process()), flags);
}

// --- addresses

// A struct sockaddr_un: its sun_path, "" for none.
struct GuestAddress {
  int32_t family = kUnspecified;
  SocketAddress path;
};

SysResult<GuestAddress> read_address(Call& call, UserPtr at, uint32_t size) {
  if (size > kMaxAddress || size < kFamilyBytes) return Errno::kINVAL;
  const auto bytes = TRY(call.bytes_in(at, size));
  uint16_t family = 0;
  std::memcpy(&family, bytes.data(), sizeof family);
  GuestAddress address;
  address.family = family;
  address.path.assign(reinterpret_cast<const char*>(bytes.data()) + kFamilyBytes,
                      size - kFamilyBytes);
  // A path ends at its NUL; an abstract name is all the bytes there are.
  if (!address.path.empty() && address.path[0] != '\0')
    address.path.resize(std::min(address.path.size(), address.path.find('\0')));
  return address;
}

SysResult<GuestAddress> read_unix_address(Call& call, UserPtr at, uint32_t size) {
  GuestAddress address = TRY(read_address(call, at, size));
  if (address.family != kUnix) return Errno::kINVAL;
  return address;
}

std::string encode_address(const SocketAddress* address) {
  const uint16_t family = kUnix;
  std::string bytes(reinterpret_cast<const char*>(&family), sizeof family);
  if (address && !address->empty()) {
    bytes += *address;
    if ((*address)[0] != '\0') bytes.push_back('\0');
  }
  return bytes;
}

// Copies as much of the address as the guest has room for, and says how long it is.
SysResult<Unit> put_address(Call& call, const SocketAddress* address, UserPtr at, UserPtr size_at) {
  const auto room = TRY(call.get<int32_t>(size_at));
  if (room < 0) return Errno::kINVAL;
  const std::string bytes = encode_address(address);
  const uint64_t count = std::min<uint64_t>(bytes.size(), static_cast<uint64_t>(room));
  std::memcpy(TRY(call.bytes_out(at, count)).data(), bytes.data(), count);
  return call.put(size_at, static_cast<uint32_t>(bytes.size()));
}

// The socket a name leads to. ECONNREFUSED, EACCES, and the errors of a path walk.
SysResult<UnixSocket*> find_socket(Call& call, const SocketAddress& path) {
  if (path.empty()) return Errno::kINVAL;
  IoState& io = call.kernel().io();
  if (path[0] == '\0') {
    UnixSocket* socket = io.socket_names().find(path);
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

}  // namespace

SysResult<int32_t> sys_socket(Call& call, int32_t family, uint32_t type, int32_t protocol) {
  const SocketType kind = TRY(check_socket(call, family, type, protocol));
  return install(call, new_socket(call, kind, type), type);
}

SysResult<int32_t> sys_socketpair(Call& call, int32_t family, uint32_t type, int32_t protocol,
                                  UserPtr fds_at) {
  const SocketType kind = TRY(check_socket(call, family, type, protocol));
  TRY(call.bytes_out(fds_at, 2 * sizeof(int32_t)));
  TRY(call.process().fds->check_room(2, descriptor_limit(call.process())));
  auto a = new_socket(call, kind, type);
  auto b = new_socket(call, kind, type);
  UnixSocket::connect_pair(*a, *b);
  std::array<int32_t, 2> fds{};
  fds[0] = TRY(install(call, a, type));
  fds[1] = TRY(install(call, b, type));
  TRY(call.put(fds_at, fds));
  return 0;
}

SysResult<int32_t> sys_bind(Call& call, Fd fd, UserPtr address_at, uint32_t size) {
  const auto socket = TRY(socket_of(call, fd));
  const GuestAddress address = TRY(read_unix_address(call, address_at, size));
  if (!socket->address().empty()) return Errno::kINVAL;
  if (address.path.empty() || address.path[0] == '\0') {
    TRY(socket->bind_abstract(address.path));
    return 0;
  }
  const Process& process = call.process();
  const vfs::Location& base = address.path[0] == '/' ? process.root : process.cwd;
  constexpr uint32_t kAllModes = 0777;
  const auto made = vfs::make_node(call.kernel().names(), {base, address.path}, process.credentials,
                                   vfs::FileType::kSocket, kAllModes & ~process.umask);
  if (!made.ok()) return made.error() == Errno::kEXIST ? Errno::kADDRINUSE : made.error();
  TRY(socket->bind_path(address.path, made->inode));
  return 0;
}

SysResult<int32_t> sys_listen(Call& call, Fd fd, uint32_t backlog) {
  const auto socket = TRY(socket_of(call, fd));
  TRY(socket->listen(backlog));
  return 0;
}

SysResult<int32_t> sys_accept4(Call& call, Fd fd, UserPtr address_at, UserPtr size_at,
                               uint32_t flags) {
  if (flags & ~uint32_t{kNonBlock | kCloseOnExec}) return Errno::kINVAL;
  const auto listener = TRY(socket_of(call, fd));
  TRY(call.process().fds->check_room(1, descriptor_limit(call.process())));
  if (address_at) TRY(call.bytes_out(size_at, sizeof(uint32_t)));
  auto accepted = listener->accept();
  if (!accepted.ok()) {
    if (accepted.error() != Errno::kAGAIN || nonblocking(*listener)) return accepted.error();
    return wait_for(call, listener, kPollIn);
  }
  Ref<UnixSocket> socket = *accepted;
  if (flags & kNonBlock) socket->set_flags(socket->flags() | kNonBlock);
  if (address_at) TRY(put_address(call, socket->peer_address(), address_at, size_at));
  return install(call, socket, flags);
}

SysResult<int32_t> sys_accept(Call& call, Fd fd, UserPtr address_at, UserPtr size_at) {
  return sys_accept4(call, fd, address_at, size_at, 0);
}

SysResult<int32_t> sys_connect(Call& call, Fd fd, UserPtr address_at, uint32_t size) {
  const auto socket = TRY(socket_of(call, fd));
  const GuestAddress address = TRY(read_address(call, address_at, size));
  if (address.family == kUnspecified && !socket->connection_based()) {
    socket->disconnect();
    return 0;
  }
  if (address.family != kUnix) return Errno::kINVAL;
  UnixSocket* target = TRY(find_socket(call, address.path));
  const auto connected = socket->connect(*target, credentials_of(call.process()));
  if (connected.ok()) return 0;
  if (connected.error() != Errno::kAGAIN || nonblocking(*socket)) return connected.error();
  call.scratch().object = socket;
  return call.block({&target->space_queue()});
}

SysResult<int32_t> sys_getsockname(Call& call, Fd fd, UserPtr address_at, UserPtr size_at) {
  const auto socket = TRY(socket_of(call, fd));
  TRY(put_address(call, &socket->address(), address_at, size_at));
  return 0;
}

SysResult<int32_t> sys_getpeername(Call& call, Fd fd, UserPtr address_at, UserPtr size_at) {
  const auto socket = TRY(socket_of(call, fd));
  if (!socket->connected()) return Errno::kNOTCONN;
  TRY(put_address(call, socket->peer_address(), address_at, size_at));
  return 0;
}

SysResult<int32_t> sys_shutdown(Call& call, Fd fd, uint32_t how) {
  constexpr uint32_t kBoth = 2;
  const auto socket = TRY(socket_of(call, fd));
  if (how > kBoth) return Errno::kINVAL;
  TRY(socket->shutdown(how + 1));  // 0, 1, 2 are the bits 1, 2, 3
  return 0;
}

// --- sending

namespace {

SysResult<UnixSocket*> send_target(Call& call, UnixSocket& socket, UserPtr address_at,
                                   uint32_t size) {
  if (!address_at) return socket.destination();
  if (socket.connection_based()) return socket.connected() ? Errno::kISCONN : Errno::kOPNOTSUPP;
  const GuestAddress address = TRY(read_unix_address(call, address_at, size));
  return find_socket(call, address.path);
}

struct Outgoing {
  UserPtr address;
  uint32_t address_size = 0;
  uint32_t flags = 0;
  std::vector<FileRef> files;
};

// Sends what is left of `bytes` (all of it at the first run); blocks and goes on as write does.
SysResult<uint64_t> send_blocking(Call& call, const Ref<UnixSocket>& socket,
                                  std::span<const uint8_t> bytes, Outgoing& out) {
  uint64_t& done = call.scratch().progress;
  const bool wait = !nonblocking(*socket) && (out.flags & kDontWait) == 0;
  if (done > 0) out.files.clear();  // they went with the first byte
  do {
    Errno error{};
    auto to = send_target(call, *socket, out.address, out.address_size);
    if (to.ok()) {
      const auto sent =
          socket->send(**to, bytes.subspan(done), out.files, credentials_of(call.process()));
      if (sent.ok()) {
        done += *sent;
        continue;
      }
      error = sent.error();
    } else {
      error = to.error();
    }
    if (error == Errno::kPIPE && (out.flags & kNoSignal) == 0 && socket->connection_based())
      raise_sigpipe(call);
    if (error == Errno::kAGAIN && wait && to.ok()) {
      call.scratch().object = socket;
      error = call.block({&(*to)->space_queue(), socket->wait_queue(kPollOut)});
      if (error == Errno::kSUSPEND) return error;
    }
    if (done > 0) break;
    return error;
  } while (done < bytes.size());
  return done;
}

// struct msghdr and struct cmsghdr of the guest ABI.
struct MessageHeader {
  uint32_t name, name_size, vector, vector_count, control, control_size, flags;
};
static_assert(sizeof(MessageHeader) == 28);
struct ControlHeader {
  uint32_t size;
  int32_t level, type;
};
static_assert(sizeof(ControlHeader) == 12);
constexpr uint32_t kControlAlign = 4;
enum ControlType : int32_t { kRights = 1, kCredentials = 2 };

// SCM_RIGHTS out of the guest's control bytes. EINVAL, EBADF.
SysResult<std::vector<FileRef>> passed_files(Call& call, const MessageHeader& header) {
  constexpr uint32_t kMaxControl = 20480, kMaxFiles = 253;
  std::vector<FileRef> files;
  if (header.control_size == 0) return files;
  if (header.control_size > kMaxControl) return Errno::kNOBUFS;
  const auto guest = TRY(call.bytes_in(UserPtr{header.control}, header.control_size));
  const std::vector<uint8_t> control(guest.begin(), guest.end());
  size_t at = 0;
  while (control.size() - at >= sizeof(ControlHeader)) {
    ControlHeader entry;
    std::memcpy(&entry, control.data() + at, sizeof entry);
    if (entry.size < sizeof entry || entry.size > control.size() - at) return Errno::kINVAL;
    if (entry.level != kSolSocket) return Errno::kINVAL;
    if (entry.type != kRights && entry.type != kCredentials) return Errno::kINVAL;
    const size_t count = entry.type == kRights ? (entry.size - sizeof entry) / sizeof(int32_t) : 0;
    for (size_t i = 0; i < count; ++i) {
      int32_t fd = -1;
      std::memcpy(&fd, control.data() + at + sizeof entry + i * sizeof fd, sizeof fd);
      files.push_back(TRY(call.process().fds->get_any(Fd{fd})));
    }
    if (files.size() > kMaxFiles) return Errno::kINVAL;
    const size_t step = (size_t{entry.size} + kControlAlign - 1) & ~size_t{kControlAlign - 1};
    if (step >= control.size() - at) break;
    at += step;
  }
  return files;
}

struct Piece {
  uint32_t base, size;
};

SysResult<std::vector<Piece>> pieces_of(Call& call, const MessageHeader& header) {
  if (header.vector_count > kMaxVectors) return Errno::kMSGSIZE;
  const uint64_t size = uint64_t{header.vector_count} * sizeof(Piece);
  const auto bytes = TRY(call.bytes_in(UserPtr{header.vector}, size));
  std::vector<Piece> pieces(header.vector_count);
  if (size > 0) std::memcpy(pieces.data(), bytes.data(), size);
  return pieces;
}

// The bytes of all pieces in one buffer. Streams send a chunk at a time.
SysResult<std::vector<uint8_t>> gather(Call& call, const std::vector<Piece>& pieces, bool stream) {
  std::vector<uint8_t> bytes;
  for (const Piece& piece : pieces) {
    const auto part = TRY(call.bytes_in(UserPtr{piece.base}, piece.size));
    const uint64_t room = stream ? kStreamChunk - bytes.size() : part.size();
    if (!stream && bytes.size() + part.size() > UnixSocket::kBufferBytes) return Errno::kMSGSIZE;
    const auto taken = part.first(std::min<uint64_t>(room, part.size()));
    bytes.insert(bytes.end(), taken.begin(), taken.end());
  }
  return bytes;
}

}  // namespace

SysResult<uint64_t> sys_sendto(Call& call, Fd fd, UserPtr buffer, uint32_t size, uint32_t flags,
                               UserPtr address_at, uint32_t address_size) {
  const auto socket = TRY(socket_of(call, fd));
  const auto bytes = TRY(call.bytes_in(buffer, std::min<uint32_t>(size, INT32_MAX)));
  Outgoing out{address_at, address_size, flags, {}};
  return send_blocking(call, socket, bytes, out);
}

SysResult<uint64_t> sys_sendmsg(Call& call, Fd fd, UserPtr message_at, uint32_t flags) {
  const auto socket = TRY(socket_of(call, fd));
  const auto header = TRY(call.get<MessageHeader>(message_at));
  const auto pieces = TRY(pieces_of(call, header));
  const auto bytes = TRY(gather(call, pieces, socket->type() == SocketType::kStream));
  Outgoing out{UserPtr{header.name_size > 0 ? header.name : 0}, header.name_size, flags,
               TRY(passed_files(call, header))};
  return send_blocking(call, socket, bytes, out);
}

// --- receiving

namespace {

SysResult<UnixSocket::Received> receive_blocking(Call& call, const Ref<UnixSocket>& socket,
                                                 std::span<uint8_t> out, uint32_t flags) {
  const auto take = (flags & kPeek) ? UnixSocket::Take::kPeek : UnixSocket::Take::kRemove;
  auto received = socket->receive(out, take);
  if (received.ok() || received.error() != Errno::kAGAIN) return received;
  if (nonblocking(*socket) || (flags & kDontWait)) return Errno::kAGAIN;
  return wait_for(call, socket, kPollIn);
}

// Appends one control message if it fits; false sets MSG_CTRUNC.
bool add_control(std::vector<uint8_t>& control, uint64_t room, int32_t type, const void* data,
                 size_t size) {
  ControlHeader entry{static_cast<uint32_t>(sizeof(ControlHeader) + size), kSolSocket, type};
  if (control.size() + entry.size > room) return false;
  const auto* head = reinterpret_cast<const uint8_t*>(&entry);
  const auto* body = static_cast<const uint8_t*>(data);
  control.insert(control.end(), head, head + sizeof entry);
  control.insert(control.end(), body, body + size);
  const size_t padded = (control.size() + kControlAlign - 1) & ~size_t{kControlAlign - 1};
  control.resize(std::min<uint64_t>(padded, room));
  return true;
}

// Gives the passed files descriptors, as many as fit into the control bytes and the table.
bool add_rights(Call& call, std::vector<uint8_t>& control, uint64_t room,
                const std::vector<FileRef>& files, uint32_t flags) {
  if (files.empty()) return true;
  const uint64_t left = room > control.size() ? room - control.size() : 0;
  const uint64_t fitting =
      left > sizeof(ControlHeader) ? (left - sizeof(ControlHeader)) / sizeof(int32_t) : 0;
  std::vector<int32_t> fds;
  const uint32_t open_flags = (flags & kCloseOnExecFlag) ? uint32_t{kCloseOnExec} : 0;
  for (const FileRef& file : files) {
    if (fds.size() >= fitting) break;
    const auto fd = install(call, file, open_flags);
    if (!fd.ok()) break;
    fds.push_back(*fd);
  }
  if (!fds.empty()) add_control(control, room, kRights, fds.data(), fds.size() * sizeof fds[0]);
  return fds.size() == files.size();
}

}  // namespace

SysResult<uint64_t> sys_recvfrom(Call& call, Fd fd, UserPtr buffer, uint32_t size, uint32_t flags,
                                 UserPtr address_at, UserPtr size_at) {
  const auto socket = TRY(socket_of(call, fd));
  const auto out = TRY(call.bytes_out(buffer, std::min<uint32_t>(size, INT32_MAX)));
  if (address_at) TRY(call.bytes_out(size_at, sizeof(uint32_t)));
  const auto received = TRY(receive_blocking(call, socket, out, flags));
  if (address_at) TRY(put_address(call, &received.from, address_at, size_at));
  return (flags & kTruncated) ? received.full_size : received.count;
}

SysResult<uint64_t> sys_recvmsg(Call& call, Fd fd, UserPtr message_at, uint32_t flags) {
  const auto socket = TRY(socket_of(call, fd));
  auto header = TRY(call.get<MessageHeader>(message_at));
  TRY(call.bytes_out(message_at, sizeof header));
  const auto pieces = TRY(pieces_of(call, header));
  std::vector<std::span<uint8_t>> outs;
  uint64_t total = 0;
  for (const Piece& piece : pieces) {
    outs.push_back(TRY(call.bytes_out(UserPtr{piece.base}, piece.size)));
    total += piece.size;
  }
  const auto control_out = TRY(call.bytes_out(UserPtr{header.control}, header.control_size));
  const auto name_out =
      TRY(call.bytes_out(UserPtr{header.name}, header.name ? header.name_size : 0));
  std::vector<uint8_t> bytes(std::min<uint64_t>(total, kStreamChunk));
  const auto received = TRY(receive_blocking(call, socket, bytes, flags));

  std::span<const uint8_t> rest(bytes.data(), received.count);
  for (const auto& out : outs) {
    const auto part = rest.first(std::min(rest.size(), out.size()));
    std::copy(part.begin(), part.end(), out.begin());
    rest = rest.subspan(part.size());
  }
  header.flags = received.full_size > received.count ? uint32_t{kTruncated} : 0;
  if (socket->type() == SocketType::kSequenced && received.full_size > 0)
    header.flags |= kEndOfRecord;
  std::vector<uint8_t> control;
  bool whole = true;
  if (socket->pass_credentials)
    whole =
        add_control(control, control_out.size(), kCredentials, &received.who, sizeof received.who);
  whole &= add_rights(call, control, control_out.size(), received.files, flags);
  if (!whole) header.flags |= kControlTruncated;
  std::copy(control.begin(), control.end(), control_out.begin());
  header.control_size = static_cast<uint32_t>(control.size());
  const bool has_name = !received.from.empty() && header.name != 0;
  const std::string name = has_name ? encode_address(&received.from) : std::string();
  std::copy_n(name.begin(), std::min(name.size(), name_out.size()), name_out.begin());
  header.name_size = static_cast<uint32_t>(name.size());
  TRY(call.put(message_at, header));
  return (flags & kTruncated) ? received.full_size : received.count;
}

// --- several messages in one call

namespace {

constexpr uint32_t kMaxMessages = 1024;

// struct mmsghdr.
struct CountedMessage {
  MessageHeader header;
  uint32_t size;
};

UserPtr message_at(UserPtr list, uint64_t index) {
  return UserPtr{static_cast<uint32_t>(list.address + index * sizeof(CountedMessage))};
}

// How many bytes the message took.
SysResult<Unit> put_size(Call& call, UserPtr message, uint64_t size) {
  return call.put(UserPtr{message.address + uint32_t{sizeof(MessageHeader)}},
                  static_cast<uint32_t>(size));
}

}  // namespace

// Waits for room for the first message only: what does not go out at once after it is left to the
// caller, who sees how many went.
SysResult<uint64_t> sys_sendmmsg(Call& call, Fd fd, UserPtr list, uint32_t count, uint32_t flags) {
  count = std::min(count, kMaxMessages);
  TRY(call.bytes_out(list, uint64_t{count} * sizeof(CountedMessage)));
  for (uint64_t done = 0; done < count; ++done) {
    const UserPtr message = message_at(list, done);
    if (done > 0) call.scratch().progress = 0;
    const auto sent = sys_sendmsg(call, fd, message, done > 0 ? flags | kDontWait : flags);
    if (!sent.ok()) return done > 0 ? SysResult<uint64_t>(done) : sent.error();
    TRY(put_size(call, message, *sent));
  }
  return count;
}

SysResult<uint64_t> sys_recvmmsg_time64(Call& call, Fd fd, UserPtr list, uint32_t count,
                                        uint32_t flags, UserPtr timeout) {
  constexpr uint32_t kWaitForOne = 0x10000;
  if (!call.retried() && timeout) {
    const int64_t wait = TRY(get_nanoseconds(call, timeout));
    call.scratch().deadline = deadline_after(call.kernel().clock().monotonic_ns(), wait);
  }
  TRY(socket_of(call, fd));
  count = std::min(count, kMaxMessages);
  TRY(call.bytes_out(list, uint64_t{count} * sizeof(CountedMessage)));
  uint64_t& done = call.scratch().progress;
  while (done < count) {
    const int64_t deadline = call.scratch().deadline;
    const bool late = deadline != 0 && call.kernel().clock().monotonic_ns() >= deadline;
    if (done > 0 && ((flags & kWaitForOne) || late)) flags |= kDontWait;
    const UserPtr message = message_at(list, done);
    const auto received = sys_recvmsg(call, fd, message, late ? flags | kDontWait : flags);
    if (!received.ok()) {
      if (done == 0 || received.error() == Errno::kSUSPEND) return received.error();
      break;
    }
    TRY(put_size(call, message, *received));
    ++done;
  }
  return done;
}

// --- options

namespace {

enum SocketOption : int32_t {
  kReuseAddress = 2,
  kTypeOption = 3,
  kErrorOption = 4,
  kBroadcast = 6,
  kSendBuffer = 7,
  kReceiveBuffer = 8,
  kKeepAlive = 9,
  kPassCred = 16,
  kPeerCred = 17,
  kAcceptConn = 30,
  kProtocolOption = 38,
  kDomainOption = 39,
};

SysResult<Unit> put_option(Call& call, const void* value, uint32_t size, UserPtr at,
                           UserPtr size_at) {
  const auto room = TRY(call.get<int32_t>(size_at));
  if (room < 0) return Errno::kINVAL;
  const uint32_t count = std::min(size, static_cast<uint32_t>(room));
  std::memcpy(TRY(call.bytes_out(at, count)).data(), value, count);
  return call.put(size_at, count);
}

SysResult<int32_t> option_value(UnixSocket& socket, int32_t option) {
  switch (option) {
    case kTypeOption:
      return static_cast<int32_t>(socket.type());
    case kErrorOption:
      return static_cast<int32_t>(socket.take_error());
    case kDomainOption:
      return kUnix;
    case kAcceptConn:
      return socket.listening() ? 1 : 0;
    case kPassCred:
      return socket.pass_credentials ? 1 : 0;
    case kSendBuffer:
    case kReceiveBuffer:
      return static_cast<int32_t>(UnixSocket::kBufferBytes);
    case kProtocolOption:
    case kReuseAddress:
    case kBroadcast:
    case kKeepAlive:
      return 0;
    default:
      return Errno::kNOPROTOOPT;
  }
}

}  // namespace

SysResult<int32_t> sys_getsockopt(Call& call, Fd fd, int32_t level, int32_t option, UserPtr value,
                                  UserPtr size_at) {
  const auto socket = TRY(socket_of(call, fd));
  if (level != kSolSocket) return Errno::kOPNOTSUPP;
  if (option == kPeerCred) {
    const SocketCredentials& peer = socket->peer_credentials();
    TRY(put_option(call, &peer, sizeof peer, value, size_at));
    return 0;
  }
  const int32_t number = TRY(option_value(*socket, option));
  TRY(put_option(call, &number, sizeof number, value, size_at));
  return 0;
}

SysResult<int32_t> sys_setsockopt(Call& call, Fd fd, int32_t level, int32_t option, UserPtr value,
                                  uint32_t size) {
  const auto socket = TRY(socket_of(call, fd));
  if (level != kSolSocket) return Errno::kOPNOTSUPP;
  if (size < sizeof(int32_t)) return Errno::kINVAL;
  const auto number = TRY(call.get<int32_t>(value));
  switch (option) {
    case kPassCred:
      socket->pass_credentials = number != 0;
      return 0;
    case kReuseAddress:
    case kBroadcast:
    case kKeepAlive:
    case kSendBuffer:
    case kReceiveBuffer:
      return 0;  // accepted, without effect on local sockets
    default:
      return Errno::kNOPROTOOPT;
  }
}

}  // namespace cloche::kernel
