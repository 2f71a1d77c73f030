// Sending and receiving: sendto, sendmsg, recvfrom, recvmsg, and several messages in one call.
#include <algorithm>
#include <cstring>
#include <vector>

#include "kernel/kernel.h"
#include "kernel/open.h"
#include "kernel/syscalls/blocking.h"
#include "kernel/syscalls/handlers.h"
#include "kernel/syscalls/sockets.h"
#include "kernel/syscalls/user_time.h"

namespace cloche::kernel {
namespace {

enum MessageFlags : uint32_t {
  kUrgent = 1,
  kControlTruncated = 8,
  kEndOfRecord = 0x80,
  kErrorQueue = 0x2000,
  kNoSignal = 0x4000,
  kMore = 0x8000,
  kFastOpen = 0x20000000,
  kCloseOnExecFlag = 0x40000000,
};
constexpr uint32_t kMaxVectors = 1024;
constexpr uint64_t kStreamChunk = 262'144;  // of a stream's sendmsg at a time

// --- sending

struct Outgoing {
  UserPtr address;
  uint32_t address_size = 0;
  uint32_t flags = 0;
  std::vector<FileRef> files;
};

// MSG_OOB has no meaning here; MSG_MORE would glue datagrams.
SysResult<Unit> check_send(const Socket& socket, uint32_t flags) {
  if (flags & (kUrgent | kFastOpen)) return Errno::kOPNOTSUPP;
  if ((flags & kMore) && !socket.connection_based() && socket.family() != SocketFamily::kUnix)
    return Errno::kOPNOTSUPP;
  return Unit{};
}

// Blocks until there is room, or gives what the call ends with.
Errno wait_for_room(Call& call, const Ref<Socket>& socket, WaitQueue* room) {
  if (call.timed_out()) return Errno::kAGAIN;
  call.scratch().object = socket;
  start_timeout(call, socket->options().send_timeout_ns);
  const int64_t deadline =
      call.scratch().deadline == 0 ? Call::kNoDeadline : call.scratch().deadline;
  WaitQueue* own = socket->wait_queue(kPollOut);
  return room ? call.block({room, own}, deadline) : call.block({own}, deadline);
}

// Sends what is left of `bytes` (all of it at the first run); blocks and goes on as write does.
SysResult<uint64_t> send_blocking(Call& call, const Ref<Socket>& socket,
                                  std::span<const uint8_t> bytes, Outgoing& out) {
  TRY(check_send(*socket, out.flags));
  uint64_t& done = call.scratch().progress;
  const bool wait = !nonblocking(*socket) && (out.flags & kDontWait) == 0;
  const SocketCredentials who = credentials_of(call.process());
  AddressBytes address;
  if (out.address) address = TRY(address_in(call, out.address, out.address_size));
  if (out.address && address.empty()) return Errno::kINVAL;
  if (done > 0) out.files.clear();  // they went with the first byte
  do {
    Socket::Parcel parcel{bytes.subspan(done), out.files, who};
    WaitQueue* room = nullptr;
    const auto sent = socket->send(call, address, parcel, room);
    if (sent.ok()) {
      done += *sent;
      continue;
    }
    Errno error = sent.error();
    if (error == Errno::kPIPE && (out.flags & kNoSignal) == 0 && socket->connection_based())
      raise_sigpipe(call);
    if (error == Errno::kAGAIN && wait) {
      error = wait_for_room(call, socket, room);
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
SysResult<std::vector<uint8_t>> gather(Call& call, const std::vector<Piece>& pieces, bool stream,
                                       uint64_t most) {
  std::vector<uint8_t> bytes;
  for (const Piece& piece : pieces) {
    const auto part = TRY(call.bytes_in(UserPtr{piece.base}, piece.size));
    const uint64_t room = stream ? kStreamChunk - bytes.size() : part.size();
    if (!stream && bytes.size() + part.size() > most) return Errno::kMSGSIZE;
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
  const auto bytes = TRY(gather(call, pieces, socket->stream(), socket->max_packet()));
  Outgoing out{UserPtr{header.name_size > 0 ? header.name : 0}, header.name_size, flags, {}};
  // No control message means anything to the others.
  if (socket->family() == SocketFamily::kUnix) out.files = TRY(passed_files(call, header));
  return send_blocking(call, socket, bytes, out);
}

// --- receiving

SysResult<Socket::Received> receive_blocking(Call& call, const Ref<Socket>& socket,
                                             Socket::Buffers buffers, uint32_t flags) {
  const auto take = (flags & kPeek) ? Socket::Take::kPeek : Socket::Take::kRemove;
  const bool all = socket->stream() && (flags & kWaitAll) && take == Socket::Take::kRemove;
  uint64_t total = 0;
  for (const auto& buffer : buffers) total += buffer.size();
  uint64_t none = 0;
  uint64_t& done = all ? call.scratch().progress : none;
  for (;;) {
    Socket::Received soon;
    soon.count = soon.full_size = done;
    // Passed files come with the first byte of what is received.
    if (done > 0 && socket->files_come_next()) return soon;
    auto received = socket->receive(buffers, done, take);
    if (!received.ok()) {
      Errno error = received.error();
      if (error == Errno::kAGAIN && !nonblocking(*socket) && (flags & kDontWait) == 0) {
        start_timeout(call, socket->options().receive_timeout_ns);
        error = wait_for(call, socket, kPollIn);
      }
      if (done == 0 || error == Errno::kSUSPEND) return error;
      return soon;
    }
    if (!all) return received;
    done += received->count;
    const bool over = received->count == 0 || done >= total || !received->files.empty();
    received->count = received->full_size = done;
    if (over) return received;
  }
}

namespace {

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

// What recvfrom and recvmsg do before all else.
SysResult<Unit> check_receive(const Socket& socket, uint32_t flags) {
  if (flags & kErrorQueue) return Errno::kAGAIN;  // it is always empty
  if (flags & kUrgent)
    return socket.stream() && socket.family() != SocketFamily::kUnix ? Errno::kINVAL
                                                                     : Errno::kOPNOTSUPP;
  return Unit{};
}

}  // namespace

SysResult<uint64_t> sys_recvfrom(Call& call, Fd fd, UserPtr buffer, uint32_t size, uint32_t flags,
                                 UserPtr address_at, UserPtr size_at) {
  const auto socket = TRY(socket_of(call, fd));
  const auto out = TRY(call.bytes_out(buffer, std::min<uint32_t>(size, INT32_MAX)));
  if (address_at) TRY(call.bytes_out(size_at, sizeof(uint32_t)));
  TRY(check_receive(*socket, flags));
  const auto received = TRY(receive_blocking(call, socket, {&out, 1}, flags));
  if (address_at) TRY(put_address(call, socket->name_of(received.from), address_at, size_at));
  return (flags & kTruncated) ? received.full_size : received.count;
}

SysResult<uint64_t> sys_recvmsg(Call& call, Fd fd, UserPtr message_at, uint32_t flags) {
  const auto socket = TRY(socket_of(call, fd));
  auto header = TRY(call.get<MessageHeader>(message_at));
  TRY(call.bytes_out(message_at, sizeof header));
  const auto pieces = TRY(pieces_of(call, header));
  std::vector<std::span<uint8_t>> outs;
  for (const Piece& piece : pieces)
    outs.push_back(TRY(call.bytes_out(UserPtr{piece.base}, piece.size)));
  const auto control_out = TRY(call.bytes_out(UserPtr{header.control}, header.control_size));
  const auto name_out =
      TRY(call.bytes_out(UserPtr{header.name}, header.name ? header.name_size : 0));
  TRY(check_receive(*socket, flags));
  const auto received = TRY(receive_blocking(call, socket, outs, flags));
  header.flags = received.full_size > received.count ? uint32_t{kTruncated} : 0;
  if (socket->type() == SocketType::kSequenced && received.full_size > 0)
    header.flags |= kEndOfRecord;
  std::vector<uint8_t> control;
  bool whole = true;
  if (socket->options().on(SocketOption::kPassCredentials))
    whole =
        add_control(control, control_out.size(), kCredentials, &received.who, sizeof received.who);
  whole &= add_rights(call, control, control_out.size(), received.files, flags);
  if (!whole) header.flags |= kControlTruncated;
  std::copy(control.begin(), control.end(), control_out.begin());
  header.control_size = static_cast<uint32_t>(control.size());
  const std::string name = header.name ? socket->name_of(received.from) : std::string();
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
  flags &= ~uint32_t{kWaitAll};  // how far the call has come is counted in messages
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

}  // namespace cloche::kernel
