#include "kernel/socket_unix.h"

#include <algorithm>
#include <cstring>

#include "kernel/inode_state.h"
#include "kernel/io_state.h"
#include "kernel/ioctl.h"
#include "kernel/kernel.h"

namespace cloche::kernel {
namespace {

constexpr Errno kNoError{};
constexpr uint64_t kMessageCost = 256;  // of the host's memory, beside the bytes
constexpr size_t kMergeLimit = 65536;   // small stream writes are kept in one message up to this

SocketCredentials credentials_of(const Process& process) {
  return {process.pid, process.credentials.uid, process.credentials.gid};
}

}  // namespace

// --- names

void SocketNames::drop_all() {
  // Dropping a message can end other sockets, so look again from the start each time.
  for (bool found = true; found;) {
    found = false;
    for (UnixSocket* socket : sockets_) {
      if (socket->messages_.empty() && socket->pending_.empty()) continue;
      Ref<UnixSocket> keep(socket);
      auto pending = std::exchange(socket->pending_, {});
      pending.clear();
      socket->drop_messages();
      found = true;
      break;
    }
  }
}

UnixSocket* SocketNames::find(const SocketAddress& abstract) const {
  const auto found = abstract_.find(abstract);
  return found == abstract_.end() ? nullptr : found->second;
}

SysResult<Unit> SocketNames::claim(const SocketAddress& abstract, UnixSocket& socket) {
  if (!abstract_.emplace(abstract, &socket).second) return Errno::kADDRINUSE;
  return Unit{};
}

SysResult<SocketAddress> SocketNames::claim_any(UnixSocket& socket) {
  constexpr uint32_t kNames = 0x100000;  // five hexadecimal digits, as on Linux
  for (uint32_t tries = 0; tries < kNames; ++tries) {
    char digits[8];
    std::snprintf(digits, sizeof digits, "%05x", next_auto_++ % kNames);
    SocketAddress name = std::string(1, '\0') + digits;
    if (abstract_.emplace(name, &socket).second) return name;
  }
  return Errno::kNOSPC;
}

// --- life

UnixSocket::UnixSocket(IoState& io, SocketType type, const SocketCredentials& owner, uint32_t flags)
    : OpenFile(kReadWrite | (flags & kNonBlock)), io_(io), type_(type), owner_(owner) {
  vfs::Credentials inode_owner;
  inode_owner.uid = owner.uid;
  inode_owner.gid = owner.gid;
  location_.inode = io.make_inode(vfs::FileType::kSocket, 0777, inode_owner);
  io_.socket_names().sockets_.insert(this);
}

UnixSocket::~UnixSocket() {
  io_.socket_names().sockets_.erase(this);
  if (bound_inode_) {
    state_of(*bound_inode_).socket = nullptr;
  } else if (io_.socket_names().find(address_) == this) {
    io_.socket_names().release(address_);
  }
  for (UnixSocket* other : io_.socket_names().sockets_) {
    if (other->peer_ != this) continue;
    other->peer_ = nullptr;
    // What we never read is an error for the one who sent it.
    if (!messages_.empty() || embryo_) other->error_ = Errno::kCONNRESET;
    if (!other->connection_based()) other->error_ = Errno::kCONNREFUSED;
    other->queue_.wake();
  }
  pending_.clear();
  drop_messages();
}

void UnixSocket::drop_messages() {
  // Out of the queue first: closing a passed socket may come back here.
  auto messages = std::exchange(messages_, {});
  queued_bytes_ = 0;
  for (Message& message : messages) {
    io_.socket_names().files_in_flight_ -= message.files.size();
    io_.socket_bytes().give(message.bytes.size() + kMessageCost);
  }
}

void UnixSocket::drop_front() {
  io_.socket_bytes().give(messages_.front().bytes.size() + kMessageCost);
  messages_.pop_front();
}

void UnixSocket::connect_pair(UnixSocket& a, UnixSocket& b) {
  a.peer_ = &b;
  b.peer_ = &a;
  a.had_peer_ = b.had_peer_ = true;
  a.peer_credentials_ = b.owner_;
  b.peer_credentials_ = a.owner_;
}

// --- names and connections

SysResult<Unit> UnixSocket::bind_path(const SocketAddress& path, const vfs::InodeRef& inode) {
  if (!address_.empty()) return Errno::kINVAL;
  address_ = path;
  bound_inode_ = inode;
  state_of(*inode).socket = this;
  return Unit{};
}

SysResult<Unit> UnixSocket::bind_abstract(const SocketAddress& name) {
  if (!address_.empty()) return Errno::kINVAL;
  if (name.empty()) {
    address_ = TRY(io_.socket_names().claim_any(*this));
    return Unit{};
  }
  TRY(io_.socket_names().claim(name, *this));
  address_ = name;
  return Unit{};
}

SysResult<Unit> UnixSocket::listen(uint32_t backlog) {
  constexpr uint32_t kMaxBacklog = 128;
  if (!connection_based()) return Errno::kOPNOTSUPP;
  if (address_.empty() || peer_ || had_peer_) return Errno::kINVAL;
  listening_ = true;
  backlog_ = std::min(backlog, kMaxBacklog);
  space_queue_.wake();
  return Unit{};
}

SysResult<Ref<UnixSocket>> UnixSocket::accept() {
  if (!connection_based()) return Errno::kOPNOTSUPP;
  if (!listening_) return Errno::kINVAL;
  if (pending_.empty()) return read_shut_ ? Errno::kINVAL : Errno::kAGAIN;
  Ref<UnixSocket> socket = std::move(pending_.front());
  pending_.pop_front();
  socket->embryo_ = false;
  space_queue_.wake();
  return socket;
}

SysResult<Unit> UnixSocket::connect(UnixSocket& target, const SocketCredentials& who) {
  if (type_ != target.type_) return Errno::kPROTOTYPE;
  if (!connection_based()) {
    peer_ = &target;
    return Unit{};
  }
  if (listening_) return Errno::kINVAL;
  if (peer_ || had_peer_) return Errno::kISCONN;
  if (!target.listening_ || target.read_shut_) return Errno::kCONNREFUSED;
  if (target.pending_.size() > target.backlog_) return Errno::kAGAIN;
  auto server = make_ref<UnixSocket>(io_, type_, target.owner_, 0u);
  server->address_ = target.address_;
  server->embryo_ = true;
  owner_ = who;
  connect_pair(*this, *server);
  target.pending_.push_back(server);
  target.queue_.wake_for(kPollIn);
  return Unit{};
}

const SocketAddress* UnixSocket::peer_address() const { return peer_ ? &peer_->address_ : nullptr; }

SysResult<UnixSocket*> UnixSocket::destination() {
  if (peer_) return peer_;
  if (connection_based() && had_peer_) return Errno::kPIPE;
  if (error_ != kNoError) return take_error();
  return Errno::kNOTCONN;
}

// --- data

bool UnixSocket::has_room(uint64_t bytes) const {
  if (type_ == SocketType::kStream) return queued_bytes_ < kBufferBytes;
  if (type_ == SocketType::kDatagram && messages_.size() > kMaxDatagrams) return false;
  return messages_.empty() || queued_bytes_ + bytes <= kBufferBytes;
}

SysResult<uint64_t> UnixSocket::send(UnixSocket& to, std::span<const uint8_t> bytes,
                                     std::vector<FileRef>& files, const SocketCredentials& who) {
  if (write_shut_ || (connection_based() && to.read_shut_)) return Errno::kPIPE;
  if (type_ != to.type_) return Errno::kPROTOTYPE;
  if (to.read_shut_) return Errno::kPIPE;
  if (type_ != SocketType::kStream && bytes.size() > kBufferBytes) return Errno::kMSGSIZE;
  if (type_ == SocketType::kStream && bytes.empty()) return 0;
  if (!to.has_room(bytes.size())) return Errno::kAGAIN;
  if (io_.socket_names().files_in_flight_ + files.size() > SocketNames::kMaxFilesInFlight)
    return Errno::kTOOMANYREFS;
  if (type_ == SocketType::kStream)
    bytes = bytes.first(std::min<uint64_t>(bytes.size(), kBufferBytes - to.queued_bytes_));
  if (!io_.socket_bytes().take(bytes.size() + kMessageCost)) return Errno::kNOBUFS;
  to.enqueue(bytes, files, *this, who);
  return bytes.size();
}

void UnixSocket::enqueue(std::span<const uint8_t> bytes, std::vector<FileRef>& files,
                         const UnixSocket& from, const SocketCredentials& who) {
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  queued_bytes_ += bytes.size();
  if (type_ == SocketType::kStream && files.empty() && !messages_.empty()) {
    Message& last = messages_.back();
    if (last.files.empty() && last.who == who && last.bytes.size() < kMergeLimit) {
      last.bytes.append(text, bytes.size());
      io_.socket_bytes().give(kMessageCost);  // no new message
      queue_.wake_for(kPollIn);
      return;
    }
  }
  Message message;
  message.bytes.assign(text, bytes.size());
  message.files = std::move(files);
  files.clear();
  message.from = from.address_;
  message.who = who;
  io_.socket_names().files_in_flight_ += message.files.size();
  messages_.push_back(std::move(message));
  queue_.wake_for(kPollIn);
}

bool UnixSocket::at_end() const {
  if (read_shut_) return true;
  return connection_based() && had_peer_ && (!peer_ || peer_->write_shut_);
}

void UnixSocket::room_made() {
  space_queue_.wake();
  if (connection_based()) {
    if (peer_) peer_->queue_.wake_for(kPollOut);
    return;
  }
  for (UnixSocket* other : io_.socket_names().sockets_)
    if (other->peer_ == this) other->queue_.wake_for(kPollOut);
}

// A stream read takes bytes of several messages, but passed files only with the first byte of the
// message they came with, and never two lots of them.
uint64_t UnixSocket::copy_stream(std::span<uint8_t> out, Take take) {
  uint64_t count = 0;
  size_t index = 0;
  const SocketCredentials who = messages_.front().who;
  while (count < out.size() && index < messages_.size()) {
    Message& message = messages_[index];
    if (index > 0 && (!message.files.empty() || (pass_credentials && message.who != who))) break;
    const uint64_t part =
        std::min<uint64_t>(out.size() - count, message.bytes.size() - message.start);
    std::memcpy(out.data() + count, message.bytes.data() + message.start, part);
    count += part;
    if (take == Take::kRemove) message.start += part;
    ++index;
  }
  return count;
}

SysResult<UnixSocket::Received> UnixSocket::receive(std::span<uint8_t> out, Take take) {
  if (connection_based() && !had_peer_) return listening_ ? Errno::kINVAL : Errno::kNOTCONN;
  Received result;
  if (messages_.empty()) {
    if (error_ == Errno::kCONNRESET) return take_error();
    if (at_end()) return result;
    return Errno::kAGAIN;
  }
  Message& first = messages_.front();
  result.from = first.from;
  result.who = first.who;
  result.files = first.files;
  if (type_ == SocketType::kStream) {
    result.count = result.full_size = copy_stream(out, take);
  } else {
    result.full_size = first.bytes.size();
    result.count = std::min<uint64_t>(out.size(), first.bytes.size());
    std::copy_n(first.bytes.data(), result.count, out.data());
  }
  if (take == Take::kPeek) return result;
  io_.socket_names().files_in_flight_ -= first.files.size();
  first.files.clear();
  if (type_ == SocketType::kStream) {
    queued_bytes_ -= result.count;
    while (!messages_.empty() && messages_.front().start == messages_.front().bytes.size())
      drop_front();
  } else {
    queued_bytes_ -= result.full_size;
    drop_front();
  }
  room_made();
  return result;
}

SysResult<Unit> UnixSocket::shutdown(uint32_t which) {
  if (connection_based() && !peer_ && !had_peer_ && !listening_) return Errno::kNOTCONN;
  if (which & kShutRead) read_shut_ = true;
  if (which & kShutWrite) write_shut_ = true;
  if (connection_based() && peer_) {
    // What one side shuts for writing the other cannot read, and the other way round.
    if (which & kShutRead) peer_->write_shut_ = true;
    if (which & kShutWrite) peer_->read_shut_ = true;
    peer_->queue_.wake();
    peer_->space_queue_.wake();
  }
  queue_.wake();
  space_queue_.wake();
  return Unit{};
}

// --- as a file

SysResult<uint64_t> UnixSocket::read(Call&, std::span<uint8_t> out) {
  if (out.empty()) return 0;
  return TRY(receive(out, Take::kRemove)).count;
}

SysResult<uint64_t> UnixSocket::write(Call& call, std::span<const uint8_t> in) {
  if (write_shut_) return Errno::kPIPE;
  UnixSocket* to = TRY(destination());
  std::vector<FileRef> none;
  return send(*to, in, none, credentials_of(call.process()));
}

SysResult<int32_t> UnixSocket::ioctl(Call& call, uint32_t command, UserPtr argument) {
  if (command != kFionRead) return Errno::kNOTTY;
  uint64_t bytes = queued_bytes_;
  if (type_ != SocketType::kStream) bytes = messages_.empty() ? 0 : messages_.front().bytes.size();
  TRY(call.put(argument, static_cast<int32_t>(bytes)));
  return 0;
}

uint32_t UnixSocket::poll() {
  if (listening_) return pending_.empty() ? 0 : kPollIn;
  uint32_t events = 0;
  if (error_ != kNoError) events |= kPollErr;
  if (!messages_.empty() || at_end() || error_ == Errno::kCONNRESET) events |= kPollIn;
  if (connection_based()) {
    if (at_end()) events |= kPollRdHup;
    if (!peer_) events |= kPollHup;
    if (read_shut_ && write_shut_) events |= kPollHup;
    if (!peer_ || peer_->has_room(1)) events |= kPollOut;
  } else if (!peer_ || peer_->has_room(1)) {
    events |= kPollOut;
  }
  return events;
}

std::string UnixSocket::describe() const { return describe_location(nullptr, location_, "socket"); }

}  // namespace cloche::kernel
