#include "kernel/host_stream.h"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "kernel/io_state.h"
#include "kernel/kernel.h"

namespace cloche::kernel {
namespace {

enum class Direction : uint8_t { kIn, kOut };

// Linux promises that a pipe with POLLOUT takes this much without blocking.
constexpr uint64_t kSafeWrite = 4096;

// Keeps SIGPIPE away from the host while we write: a signal raised in between is taken back.
class NoSigPipe {
 public:
  NoSigPipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &old_);
    if (sigismember(&old_, SIGPIPE) != 1) return;
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
  }
  ~NoSigPipe() {
    const timespec now{0, 0};
    if (raised_ && !was_pending_)
      while (sigtimedwait(&pipe_, nullptr, &now) < 0 && errno == EINTR) {
      }
    pthread_sigmask(SIG_SETMASK, &old_, nullptr);
  }
  NoSigPipe(const NoSigPipe&) = delete;
  NoSigPipe& operator=(const NoSigPipe&) = delete;
  void raised() { raised_ = true; }

 private:
  sigset_t pipe_, old_;
  bool was_pending_ = false, raised_ = false;
};

// What the guest may know of a failed transfer.
Errno guest_error(int error) {
  switch (error) {
    case EAGAIN:
    case EBADF:  // the caller closed it, or never had it open
    case EPIPE:
    case ENOSPC:
    case EFBIG:
      return abi::from_host_errno(error);
    default:
      return Errno::kIO;
  }
}

uint32_t host_poll(int fd, short events) {
  pollfd entry{fd, events, 0};
  int count = 0;
  do count = ::poll(&entry, 1, 0);
  while (count < 0 && errno == EINTR);
  return count > 0 ? static_cast<uint32_t>(entry.revents) : 0;
}

}  // namespace

uint64_t OutputBudget::take(uint64_t wanted) {
  const uint64_t granted = std::min(wanted, limit_ - std::min(used_, limit_));
  used_ += granted;
  if (granted < wanted) exceeded_ = true;
  return granted;
}

// One host descriptor, shared by all open files on it.
class HostChannel final : public Opener {
 public:
  HostChannel(Kernel& kernel, int fd, Direction direction, OutputOptions options)
      : poller_(kernel.io().host()), fd_(fd), direction_(direction), options_(std::move(options)) {
    struct stat info;
    is_regular_ = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    poller_.channels_.push_back(this);
  }
  ~HostChannel() override { std::erase(poller_.channels_, this); }
  void own(OwnedFd fd) { owned_ = std::move(fd); }

  SysResult<FileRef> open(Call& call, const vfs::Location& location, uint32_t flags) override;
  SysResult<uint64_t> read(std::span<uint8_t> out);
  SysResult<uint64_t> write(std::span<const uint8_t> in);
  uint32_t poll() const;
  uint64_t activity() const { return activity_; }
  bool for_input() const { return direction_ == Direction::kIn; }
  int fd() const { return fd_; }
  // The queue, for one who waits for `wanted` from now on.
  WaitQueue* wait(uint32_t wanted) {
    wanted_ |= wanted;
    return &queue_;
  }
  // What the host has to poll for those who wait; nobody: fd -1.
  HostWait host_wait() const;
  void wake() {
    wanted_ = 0;
    queue_.wake();
  }

 private:
  SysResult<uint64_t> write_some(std::span<const uint8_t> in);

  HostPoller& poller_;
  OwnedFd owned_;
  int fd_;
  Direction direction_;
  OutputOptions options_;
  bool is_regular_ = false;
  uint32_t wanted_ = 0;
  uint64_t activity_ = 0;
  WaitQueue queue_;
};

namespace {

// One direction only: what the other would do is EBADF by the access mode.
SysResult<uint32_t> stream_flags(bool input, uint32_t flags) {
  const uint32_t wanted = input ? kReadOnly : kWriteOnly;
  if ((flags & kAccessMode) != wanted) return Errno::kACCES;
  return wanted | (flags & (kNonBlock | kAppend));
}

// What all stream files share: a place, a name, a queue.
class StreamFile : public OpenFile {
 public:
  StreamFile(vfs::Location location, uint32_t flags)
      : OpenFile(flags), location_(std::move(location)) {}
  FileKind kind() const override { return FileKind::kHost; }
  SysResult<vfs::Stat> stat() override { return location_.inode->stat(); }
  const vfs::Location& location() const override { return location_; }
  std::string describe() const override { return describe_location(nullptr, location_, "pipe"); }

 private:
  vfs::Location location_;
};

class HostStream final : public StreamFile {
 public:
  HostStream(Ref<HostChannel> channel, vfs::Location location, uint32_t flags)
      : StreamFile(std::move(location), flags), channel_(std::move(channel)) {}
  SysResult<uint64_t> read(Call&, std::span<uint8_t> out) override { return channel_->read(out); }
  SysResult<uint64_t> write(Call&, std::span<const uint8_t> in) override {
    return channel_->write(in);
  }
  uint32_t poll() override { return channel_->poll(); }
  uint64_t activity() const override { return channel_->activity(); }
  WaitQueue* wait_queue(uint32_t wanted) override { return channel_->wait(wanted); }

 private:
  Ref<HostChannel> channel_;
};

vfs::Location new_location(Kernel& kernel, const Ref<Opener>& opener) {
  vfs::Location location;
  location.inode = kernel.io().make_inode(vfs::FileType::kFifo, 0600, kernel.options().user);
  state_of(*location.inode).opener = opener;
  return location;
}

FileRef open_channel(Kernel& kernel, int fd, OwnedFd owned, Direction direction,
                     OutputOptions options) {
  auto channel = make_ref<HostChannel>(kernel, fd, direction, std::move(options));
  channel->own(std::move(owned));
  const uint32_t flags = direction == Direction::kIn ? kReadOnly : kWriteOnly;
  return make_ref<HostStream>(channel, new_location(kernel, channel), flags);
}

}  // namespace

SysResult<FileRef> HostChannel::open(Call&, const vfs::Location& location, uint32_t flags) {
  const uint32_t mode = TRY(stream_flags(for_input(), flags));
  return FileRef(make_ref<HostStream>(Ref<HostChannel>(this), location, mode));
}

SysResult<uint64_t> HostChannel::read(std::span<uint8_t> out) {
  ++activity_;
  if (out.empty()) return 0;
  if (!is_regular_ && host_poll(fd_, POLLIN) == 0) return Errno::kAGAIN;
  ssize_t count = 0;
  do count = ::read(fd_, out.data(), out.size());
  while (count < 0 && errno == EINTR);
  if (count >= 0) return static_cast<uint64_t>(count);
  return guest_error(errno);
}

SysResult<uint64_t> HostChannel::write(std::span<const uint8_t> in) {
  ++activity_;
  if (in.empty()) return 0;
  if (!options_.budget) return write_some(in);
  const uint64_t granted = options_.budget->take(in.size());
  if (granted < in.size() && options_.loss) options_.loss->truncated = true;
  if (granted == 0) return in.size();
  const auto written = write_some(in.first(granted));
  options_.budget->give_back(granted - (written.ok() ? *written : 0));
  return written;
}

SysResult<uint64_t> HostChannel::write_some(std::span<const uint8_t> in) {
  NoSigPipe guard;
  uint64_t done = 0;
  while (done < in.size()) {
    uint64_t chunk = in.size() - done;
    if (!is_regular_) {
      const uint32_t events = host_poll(fd_, POLLOUT);
      if (events == 0) break;
      chunk = std::min(chunk, kSafeWrite);
    }
    const ssize_t count = ::write(fd_, in.data() + done, chunk);
    if (count >= 0) {
      done += static_cast<uint64_t>(count);
      continue;
    }
    const int error = errno;
    if (error == EINTR) continue;
    if (error == EPIPE) guard.raised();
    if (done > 0) break;  // the next call reports the error
    return guest_error(error);
  }
  return done > 0 ? SysResult<uint64_t>(done) : Errno::kAGAIN;
}

uint32_t HostChannel::poll() const {
  const uint32_t ready = for_input() ? kPollIn : kPollOut;
  if (is_regular_) return ready;
  // poll(2)'s numbers are the guest's. POLLNVAL (the host closed it) is an error to the guest.
  uint32_t events = host_poll(fd_, for_input() ? POLLIN : POLLOUT);
  if (events & POLLNVAL) events = (events & ~static_cast<uint32_t>(POLLNVAL)) | kPollErr;
  return events & (ready | kPollErr | kPollHup);
}

HostWait HostChannel::host_wait() const {
  const uint32_t wanted = (queue_.empty() ? 0 : wanted_) | queue_.listened();
  if (queue_.empty() && wanted == 0) return {};
  // poll(2)'s numbers are the guest's. One who only waits for a hang-up must not be woken because
  // the descriptor takes output: then no event is asked for.
  return {fd_, wanted & (for_input() ? kPollIn : kPollOut)};
}

std::vector<HostWait> HostPoller::waits() const {
  std::vector<HostWait> result;
  for (const HostChannel* channel : channels_)
    if (const HostWait wait = channel->host_wait(); wait.fd >= 0) result.push_back(wait);
  for (const HostEvent* event : events_) result.push_back({event->fd_, kPollIn});
  return result;
}

void HostPoller::ready(int fd) {
  for (HostChannel* channel : channels_)
    if (channel->fd() == fd) channel->wake();
  const auto event = std::find_if(events_.begin(), events_.end(),
                                  [fd](const HostEvent* each) { return each->fd_ == fd; });
  if (event != events_.end()) (*event)->happened();
}

HostEvent::HostEvent(HostPoller& poller, int fd) : poller_(poller), fd_(fd) {
  poller_.events_.push_back(this);
}

HostEvent::~HostEvent() { std::erase(poller_.events_, this); }

FileRef host_input(Kernel& kernel, int fd) {
  return open_channel(kernel, fd, OwnedFd(), Direction::kIn, {});
}

FileRef host_input(Kernel& kernel, OwnedFd fd) {
  const int number = fd.get();
  return open_channel(kernel, number, std::move(fd), Direction::kIn, {});
}

FileRef host_output(Kernel& kernel, int fd, OutputOptions options) {
  return open_channel(kernel, fd, OwnedFd(), Direction::kOut, std::move(options));
}

FileRef host_output(Kernel& kernel, OwnedFd fd, OutputOptions options) {
  const int number = fd.get();
  return open_channel(kernel, number, std::move(fd), Direction::kOut, std::move(options));
}

namespace {

class MemoryInput final : public StreamFile {
 public:
  MemoryInput(Ref<MemorySource> source, vfs::Location location, uint32_t flags)
      : StreamFile(std::move(location), flags), source_(std::move(source)) {}
  SysResult<uint64_t> read(Call&, std::span<uint8_t> out) override { return source_->read(out); }
  uint32_t poll() override { return kPollIn; }

 private:
  Ref<MemorySource> source_;
};

class MemoryOpener final : public Opener {
 public:
  explicit MemoryOpener(Ref<MemorySource> source) : source_(std::move(source)) {}
  SysResult<FileRef> open(Call&, const vfs::Location& location, uint32_t flags) override {
    const uint32_t mode = TRY(stream_flags(true, flags));
    return FileRef(make_ref<MemoryInput>(source_, location, mode));
  }

 private:
  Ref<MemorySource> source_;
};

}  // namespace

uint64_t MemorySource::read(std::span<uint8_t> out) {
  const uint64_t count = std::min<uint64_t>(out.size(), bytes_.size() - position_);
  std::memcpy(out.data(), bytes_.data() + position_, count);
  position_ += count;
  return count;
}

FileRef shared_input(Kernel& kernel, Ref<MemorySource> source) {
  Ref<Opener> opener = make_ref<MemoryOpener>(source);
  return make_ref<MemoryInput>(std::move(source), new_location(kernel, opener), kReadOnly);
}

FileRef memory_input(Kernel& kernel, std::string bytes) {
  auto source = make_ref<MemorySource>();
  source->refill(std::move(bytes));
  return shared_input(kernel, std::move(source));
}

class CaptureFile final : public StreamFile {
 public:
  CaptureFile(Ref<Capture> capture, OutputOptions options, vfs::Location location, uint32_t flags)
      : StreamFile(std::move(location), flags),
        capture_(std::move(capture)),
        options_(std::move(options)) {}

  SysResult<uint64_t> write(Call&, std::span<const uint8_t> in) override {
    const uint64_t granted = options_.budget ? options_.budget->take(in.size()) : in.size();
    capture_->bytes_.append(reinterpret_cast<const char*>(in.data()), granted);
    if (capture_->counted_) capture_->counted_->bytes += granted;
    if (granted < in.size() && options_.loss) options_.loss->truncated = true;
    return in.size();
  }
  uint32_t poll() override { return kPollOut; }

 private:
  Ref<Capture> capture_;
  OutputOptions options_;
};

namespace {

class CaptureOpener final : public Opener {
 public:
  CaptureOpener(Ref<Capture> capture, OutputOptions options)
      : capture_(std::move(capture)), options_(std::move(options)) {}
  SysResult<FileRef> open(Call&, const vfs::Location& location, uint32_t flags) override {
    const uint32_t mode = TRY(stream_flags(false, flags));
    return FileRef(make_ref<CaptureFile>(capture_, options_, location, mode));
  }

 private:
  Ref<Capture> capture_;
  OutputOptions options_;
};

}  // namespace

FileRef memory_output(Kernel& kernel, Ref<Capture> capture, OutputOptions options) {
  capture->counted_ = kernel.io().captured();
  Ref<Opener> opener = make_ref<CaptureOpener>(capture, options);
  return make_ref<CaptureFile>(std::move(capture), std::move(options), new_location(kernel, opener),
                               kWriteOnly);
}

// --- a line to the host

class LineFile final : public StreamFile {
 public:
  LineFile(Ref<HostLine> line, vfs::Location location)
      : StreamFile(std::move(location), kReadWrite), line_(std::move(line)) {
    ++line_->files_;
  }
  ~LineFile() override { --line_->files_; }

  SysResult<uint64_t> read(Call&, std::span<uint8_t> out) override {
    const uint64_t count = line_->read(out);
    if (count == 0 && !out.empty()) return Errno::kAGAIN;
    return count;
  }
  SysResult<uint64_t> write(Call&, std::span<const uint8_t> in) override {
    line_->write(in);
    return in.size();
  }
  uint32_t poll() override {
    return kPollOut | (line_->out_position_ < line_->out_.size() ? kPollIn : 0);
  }
  WaitQueue* wait_queue(uint32_t) override { return &line_->queue_; }

 private:
  Ref<HostLine> line_;
};

HostLine::~HostLine() { count(-static_cast<int64_t>(out_.size() + in_.size())); }

void HostLine::count(int64_t bytes) {
  if (counted_) counted_->bytes += static_cast<uint64_t>(bytes);
}

void HostLine::send(std::string_view bytes) {
  out_ += bytes;
  count(static_cast<int64_t>(bytes.size()));
  queue_.wake();
}

std::string HostLine::take() {
  overflowed_ = false;
  count(-static_cast<int64_t>(in_.size()));
  return std::exchange(in_, {});
}

uint64_t HostLine::read(std::span<uint8_t> out) {
  const uint64_t size = std::min<uint64_t>(out.size(), out_.size() - out_position_);
  std::memcpy(out.data(), out_.data() + out_position_, size);
  out_position_ += size;
  if (out_position_ == out_.size() && size > 0) {
    count(-static_cast<int64_t>(out_.size()));
    out_ = {};
    out_position_ = 0;
  }
  return size;
}

void HostLine::write(std::span<const uint8_t> in) {
  const uint64_t size =
      std::min<uint64_t>(in.size(), most_ - std::min<uint64_t>(most_, in_.size()));
  in_.append(reinterpret_cast<const char*>(in.data()), size);
  count(static_cast<int64_t>(size));
  if (size < in.size()) overflowed_ = true;
}

namespace {

class NoOpener final : public Opener {
 public:
  SysResult<FileRef> open(Call&, const vfs::Location&, uint32_t) override { return Errno::kACCES; }
};

}  // namespace

FileRef open_line(Kernel& kernel, Ref<HostLine> line) {
  line->counted_ = kernel.io().captured();
  return make_ref<LineFile>(std::move(line), new_location(kernel, make_ref<NoOpener>()));
}

}  // namespace cloche::kernel
