#include "kernel/socket.h"

#include <algorithm>
#include <cstring>

#include "kernel/inode_state.h"
#include "kernel/io_state.h"
#include "kernel/ioctl.h"
#include "kernel/kernel.h"
#include "kernel/syscalls/user_time.h"

namespace cloche::kernel {
namespace {

constexpr uint64_t kMessageCost = 256;  // of the host's memory, beside the bytes
constexpr uint64_t kSocketCost = 1024;
constexpr size_t kMergeLimit = 65536;  // small stream writes are kept in one message up to this

// Copies one after the other into what follows the first `skip` bytes of several buffers.
class Scatter {
 public:
  Scatter(Socket::Buffers out, uint64_t skip) : out_(out) { advance(skip); }
  bool full() const { return out_.empty(); }
  uint64_t copy(std::string_view bytes) {
    uint64_t done = 0;
    while (!full() && done < bytes.size()) {
      const size_t part = std::min<size_t>(bytes.size() - done, out_[0].size() - at_);
      std::memcpy(out_[0].data() + at_, bytes.data() + done, part);
      done += part;
      advance(part);
    }
    return done;
  }

 private:
  void advance(uint64_t count) {
    while (!out_.empty() && count >= out_[0].size() - at_) {
      count -= out_[0].size() - at_;
      at_ = 0;
      out_ = out_.subspan(1);
    }
    if (!out_.empty()) at_ += static_cast<size_t>(count);
  }
  Socket::Buffers out_;
  size_t at_ = 0;
};

}  // namespace

SocketCredentials credentials_of(const Process& process) {
  return {process.pid, process.credentials.uid, process.credentials.gid};
}

void start_timeout(Call& call, int64_t timeout_ns) {
  int64_t& deadline = call.scratch().deadline;
  if (timeout_ns > 0 && deadline == 0)
    deadline = deadline_after(call.kernel().clock().monotonic_ns(), timeout_ns);
}

// --- life

void SocketSet::drop_all() {
  // Dropping a message can end other sockets, so look again from the start each time.
  for (bool found = true; found;) {
    found = false;
    for (Socket* socket : sockets_) {
      if (socket->messages_.empty() && socket->pending_.empty()) continue;
      Ref<Socket> keep(socket);
      socket->drop_pending();
      socket->drop_messages();
      found = true;
      break;
    }
  }
}

SysResult<Unit> Socket::reserve(IoState& io) {
  if (!io.socket_bytes().take(kSocketCost)) return Errno::kNOBUFS;
  return Unit{};
}

Socket::Socket(IoState& io, const Traits& traits, const SocketCredentials& owner, uint32_t flags)
    : OpenFile(kReadWrite | (flags & kNonBlock)),
      io_(io),
      traits_(traits),
      options_(traits.options),
      owner_(owner) {
  vfs::Credentials inode_owner;
  inode_owner.uid = owner.uid;
  inode_owner.gid = owner.gid;
  location_.inode = io.make_inode(vfs::FileType::kSocket, 0777, inode_owner);
  io_.sockets().sockets_.insert(this);
}

Socket::~Socket() {
  io_.sockets().sockets_.erase(this);
  drop_pending();
  drop_messages();
  io_.socket_bytes().give(kSocketCost);
}

void Socket::drop_messages() {
  // Out of the queue first: closing a passed socket may come back here.
  auto messages = std::exchange(messages_, {});
  queued_bytes_ = 0;
  for (Message& message : messages) {
    io_.sockets().files_in_flight_ -= message.files.size();
    io_.socket_bytes().give(message.bytes.size() + kMessageCost);
  }
}

void Socket::drop_front() {
  io_.socket_bytes().give(messages_.front().bytes.size() + kMessageCost);
  messages_.pop_front();
}

void Socket::drop_pending() {
  auto pending = std::exchange(pending_, {});
  pending.clear();
}

// --- connections

void Socket::connect_pair(Socket& a, Socket& b) {
  a.peer_ = &b;
  b.peer_ = &a;
  a.had_peer_ = b.had_peer_ = true;
  a.peer_credentials_ = b.owner_;
  b.peer_credentials_ = a.owner_;
}

void Socket::start_listening(uint32_t backlog) {
  constexpr uint32_t kMaxBacklog = 128;
  listening_ = true;
  backlog_ = std::min(backlog, kMaxBacklog);
  space_queue_.wake();
}

SysResult<Ref<Socket>> Socket::accept() {
  if (!connection_based()) return Errno::kOPNOTSUPP;
  if (!listening_) return Errno::kINVAL;
  if (pending_.empty()) return read_shut_ ? Errno::kINVAL : Errno::kAGAIN;
  Ref<Socket> socket = std::move(pending_.front());
  pending_.pop_front();
  socket->embryo_ = false;
  space_queue_.wake();
  backlog_has_room();
  return socket;
}

// --- data

bool Socket::has_room(uint64_t bytes) const {
  if (stream()) return queued_bytes_ < capacity_;
  if (messages_.size() > traits_.max_messages) return false;
  return messages_.empty() || queued_bytes_ + bytes <= capacity_;
}

SysResult<uint64_t> Socket::send(Call& call, AddressBytes address, Parcel& parcel,
                                 WaitQueue*& room) {
  uint64_t size = parcel.bytes.size();
  if (!stream() && size > max_packet()) return Errno::kMSGSIZE;
  Route way = TRY(route(call, address));
  if (!way.to || (stream() && size == 0)) return size;
  Socket& to = *way.to;
  if (!to.has_room(size)) {
    if (traits_.lossy) return size;
    room = &to.space_queue_;
    return Errno::kAGAIN;
  }
  if (io_.sockets().files_in_flight_ + parcel.files.size() > SocketSet::kMaxFilesInFlight)
    return Errno::kTOOMANYREFS;
  if (stream()) size = std::min(size, to.capacity_ - to.queued_bytes_);
  if (!io_.socket_bytes().take(size + kMessageCost)) return Errno::kNOBUFS;
  Parcel part{parcel.bytes.first(size), parcel.files, parcel.who};
  to.enqueue(part, std::move(way.from));
  return size;
}

void Socket::enqueue(Parcel& parcel, SocketAddress from) {
  const auto* text = reinterpret_cast<const char*>(parcel.bytes.data());
  const size_t size = parcel.bytes.size();
  queued_bytes_ += size;
  if (stream() && parcel.files.empty() && !messages_.empty()) {
    Message& last = messages_.back();
    if (last.files.empty() && last.who == parcel.who && last.bytes.size() < kMergeLimit) {
      last.bytes.append(text, size);
      io_.socket_bytes().give(kMessageCost);  // no new message
      queue_.wake_for(kPollIn);
      return;
    }
  }
  Message message;
  message.bytes.assign(text, size);
  message.files = std::move(parcel.files);
  parcel.files.clear();
  message.from = std::move(from);
  message.who = parcel.who;
  io_.sockets().files_in_flight_ += message.files.size();
  messages_.push_back(std::move(message));
  queue_.wake_for(kPollIn);
}

bool Socket::at_end() const {
  if (read_shut_) return true;
  return connection_based() && had_peer_ && (!peer_ || peer_->write_shut_);
}

SysResult<Socket::Received> Socket::receive(Buffers out, uint64_t skip, Take take) {
  Received result;
  // An error that came back for a packet is told before what others have sent.
  if (traits_.lossy && error_ != Errno{}) return take_error();
  if (messages_.empty()) {
    TRY(nothing_left());
    return result;
  }
  Message& first = messages_.front();
  result.from = first.from;
  result.who = first.who;
  result.files = first.files;
  Scatter scatter(out, skip);
  if (!stream()) {
    result.full_size = first.bytes.size();
    result.count = scatter.copy(first.bytes);
  }
  // Bytes of several messages, but passed files only with the first byte of the message they came
  // with, and never two lots of them.
  const bool tell = options_.on(SocketOption::kPassCredentials);
  for (size_t i = 0; stream() && i < messages_.size() && !scatter.full(); ++i) {
    Message& message = messages_[i];
    if (i > 0 && (!message.files.empty() || (tell && message.who != result.who))) break;
    const uint64_t part = scatter.copy(std::string_view(message.bytes).substr(message.start));
    result.full_size = result.count += part;
    if (take == Take::kRemove) message.start += part;
  }
  if (take == Take::kPeek) return result;
  io_.sockets().files_in_flight_ -= first.files.size();
  first.files.clear();
  queued_bytes_ -= result.full_size;
  if (!stream()) drop_front();
  while (stream() && !messages_.empty() &&
         messages_.front().start == messages_.front().bytes.size())
    drop_front();
  room_made();
  return result;
}

// --- as a file

SysResult<uint64_t> Socket::read(Call& call, std::span<uint8_t> out) {
  if (out.empty()) return 0;
  const auto received = receive({&out, 1}, 0, Take::kRemove);
  if (received.ok()) return received->count;
  if (received.error() == Errno::kAGAIN) start_timeout(call, options_.receive_timeout_ns);
  return received.error();
}

SysResult<uint64_t> Socket::write(Call& call, std::span<const uint8_t> in) {
  std::vector<FileRef> none;
  const SocketCredentials who = credentials_of(call.process());
  Parcel parcel{in, none, who};
  WaitQueue* room = nullptr;
  const auto sent = send(call, {}, parcel, room);
  if (!sent.ok() && sent.error() == Errno::kAGAIN) start_timeout(call, options_.send_timeout_ns);
  return sent;
}

SysResult<int32_t> Socket::ioctl(Call& call, uint32_t command, UserPtr argument) {
  if (command != kFionRead) return Errno::kNOTTY;
  uint64_t bytes = queued_bytes_;
  if (!stream()) bytes = messages_.empty() ? 0 : messages_.front().bytes.size();
  TRY(call.put(argument, static_cast<int32_t>(bytes)));
  return 0;
}

std::string Socket::describe() const { return describe_location(nullptr, location_, "socket"); }

}  // namespace cloche::kernel
