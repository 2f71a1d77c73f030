// Reading, writing, descriptors: read(2) and its relatives, dup, fcntl, ioctl, pipe2, eventfd,
// sendfile. poll and select are in poll.cc.
#include <algorithm>
#include <array>
#include <vector>

#include "kernel/event_fd.h"
#include "kernel/io_state.h"
#include "kernel/ioctl.h"
#include "kernel/kernel.h"
#include "kernel/open.h"
#include "kernel/pipe.h"
#include "kernel/regular_file.h"
#include "kernel/socket.h"
#include "kernel/syscalls/blocking.h"
#include "kernel/syscalls/handlers.h"

namespace cloche::kernel {
namespace {

constexpr uint64_t kMaxTransfer = 0x7ffff000;  // bytes of one call, as on Linux
constexpr uint32_t kMaxVectors = 1024;         // IOV_MAX
constexpr size_t kGatherBytes =
    8192;  // a writev up to this goes in one piece, so that PIPE_BUF holds
constexpr uint64_t kMaxOffset = INT64_MAX;

struct IoVector {
  uint32_t base, size;
};
static_assert(sizeof(IoVector) == 8);

// The buffers of readv and writev, checked. EINVAL, EFAULT.
template <class Byte, class Map>
SysResult<std::vector<std::span<Byte>>> vectors(Call& call, UserPtr list, uint32_t count,
                                                const Map& map) {
  if (count > kMaxVectors) return Errno::kINVAL;
  std::vector<IoVector> entries(count);
  const auto bytes = TRY(call.bytes_in(list, uint64_t{count} * sizeof(IoVector)));
  if (count > 0) std::memcpy(entries.data(), bytes.data(), bytes.size());
  std::vector<std::span<Byte>> result;
  uint64_t total = 0;
  for (const IoVector& entry : entries) {
    if (entry.size > INT32_MAX) return Errno::kINVAL;
    const uint64_t size = std::min<uint64_t>(entry.size, kMaxTransfer - total);
    if (size > 0) result.push_back(TRY(map(UserPtr{entry.base}, size)));
    total += size;
  }
  return result;
}

}  // namespace

SysResult<std::vector<std::span<uint8_t>>> out_vectors(Call& call, UserPtr list, uint32_t count) {
  return vectors<uint8_t>(call, list, count,
                          [&call](UserPtr at, uint64_t size) { return call.bytes_out(at, size); });
}

SysResult<std::vector<std::span<const uint8_t>>> in_vectors(Call& call, UserPtr list,
                                                            uint32_t count) {
  return vectors<const uint8_t>(
      call, list, count, [&call](UserPtr at, uint64_t size) { return call.bytes_in(at, size); });
}

namespace {

SysResult<FileRef> readable_file(Call& call, Fd fd) {
  FileRef file = TRY(file_of(call, fd));
  if (!file->readable()) return Errno::kBADF;
  return file;
}

SysResult<FileRef> writable_file(Call& call, Fd fd) {
  FileRef file = TRY(file_of(call, fd));
  if (!file->writable()) return Errno::kBADF;
  return file;
}

template <class Byte>
uint64_t total_size(std::span<const std::span<Byte>> buffers) {
  uint64_t total = 0;
  for (const auto& buffer : buffers) total += buffer.size();
  return total;
}

// The part of `buffers` that follows `done` bytes, first piece only.
std::span<const uint8_t> next_piece(std::span<const std::span<const uint8_t>> buffers,
                                    uint64_t done) {
  for (const auto& buffer : buffers) {
    if (done < buffer.size()) return buffer.subspan(done);
    done -= buffer.size();
  }
  return {};
}

// Several pieces that must arrive as one (a pipe, a packet) are gathered if they are small.
std::span<const uint8_t> gather(std::span<const std::span<const uint8_t>> buffers, uint64_t total,
                                std::vector<uint8_t>& storage) {
  storage.reserve(total);
  for (const auto& buffer : buffers) storage.insert(storage.end(), buffer.begin(), buffer.end());
  return storage;
}

// Datagrams are gathered whatever their size: one call is one packet.
bool needs_gathering(const OpenFile& file, uint64_t total, size_t pieces) {
  return pieces > 1 && (total <= kGatherBytes || file.kind() == FileKind::kSocket);
}

// EPIPE of such a socket raises no signal.
bool is_datagram(const OpenFile& file) {
  return file.kind() == FileKind::kSocket && !static_cast<const Socket&>(file).connection_based();
}

}  // namespace

SysResult<FileRef> file_of(Call& call, Fd fd) {
  // Only files are held by the calls that come here.
  if (RefCounted* held = call.scratch().object.get()) return FileRef(static_cast<OpenFile*>(held));
  return call.process().fds->get(fd);
}

Errno wait_for(Call& call, const FileRef& file, uint32_t wanted) {
  WaitQueue* queue = file->wait_queue(wanted);
  if (!queue) return Errno::kAGAIN;
  // The time of SO_RCVTIMEO or SO_SNDTIMEO.
  if (call.timed_out() && file->kind() == FileKind::kSocket) return Errno::kAGAIN;
  Call::Scratch& scratch = call.scratch();
  scratch.object = file;
  return call.block({queue}, scratch.deadline == 0 ? Call::kNoDeadline : scratch.deadline);
}

void raise_sigpipe(Call& call) {
  SignalInfo info;
  info.signo = kSigPipe;
  info.pid = call.process().pid;
  info.uid = call.process().credentials.uid;
  (void)call.kernel().send_signal(call.thread(), info);
}

SysResult<uint64_t> read_blocking(Call& call, const FileRef& file,
                                  std::span<const std::span<uint8_t>> buffers) {
  if (buffers.empty()) return TRY(file->read(call, {}));
  uint64_t done = 0;
  for (const auto& buffer : buffers) {
    const auto count = file->read(call, buffer);
    if (!count.ok()) {
      if (done > 0) return done;
      if (count.error() != Errno::kAGAIN || nonblocking(*file)) return count.error();
      return wait_for(call, file, kPollIn);
    }
    done += *count;
    // One read of a packet is one packet, and a short read is the end of what is there.
    if (*count < buffer.size() || file->kind() == FileKind::kSocket) break;
  }
  return done;
}

SysResult<uint64_t> write_blocking(Call& call, const FileRef& file,
                                   std::span<const std::span<const uint8_t>> buffers) {
  const uint64_t total = total_size(buffers);
  uint64_t& done = call.scratch().progress;
  std::vector<uint8_t> storage;
  std::array<std::span<const uint8_t>, 1> gathered;
  if (done == 0 && needs_gathering(*file, total, buffers.size())) {
    gathered[0] = gather(buffers, total, storage);
    buffers = gathered;
  }
  do {
    const std::span<const uint8_t> piece = next_piece(buffers, done);
    const auto count = file->write(call, piece);
    if (count.ok()) {
      done += *count;
      // A short write to a file is its end: of space, or of RLIMIT_FSIZE.
      const bool over = file->kind() == FileKind::kRegular && *count < piece.size();
      if (*count == 0 || over) break;
      continue;
    }
    Errno error = count.error();
    if (error == Errno::kPIPE && !is_datagram(*file)) raise_sigpipe(call);
    if (error == Errno::kAGAIN && !nonblocking(*file)) {
      error = wait_for(call, file, kPollOut);
    }
    if (done == 0 || error == Errno::kSUSPEND) return error;
    break;
  } while (done < total);
  return done;
}

SysResult<uint64_t> sys_read(Call& call, Fd fd, UserPtr buffer, uint32_t count) {
  const FileRef file = TRY(readable_file(call, fd));
  const std::array out{TRY(call.bytes_out(buffer, std::min<uint64_t>(count, kMaxTransfer)))};
  return read_blocking(call, file, out);
}

SysResult<uint64_t> sys_write(Call& call, Fd fd, UserPtr buffer, uint32_t count) {
  const FileRef file = TRY(writable_file(call, fd));
  const std::array in{TRY(call.bytes_in(buffer, std::min<uint64_t>(count, kMaxTransfer)))};
  return write_blocking(call, file, in);
}

SysResult<uint64_t> sys_readv(Call& call, Fd fd, UserPtr vector, uint32_t count) {
  const FileRef file = TRY(readable_file(call, fd));
  return read_blocking(call, file, TRY(out_vectors(call, vector, count)));
}

SysResult<uint64_t> sys_writev(Call& call, Fd fd, UserPtr vector, uint32_t count) {
  const FileRef file = TRY(writable_file(call, fd));
  return write_blocking(call, file, TRY(in_vectors(call, vector, count)));
}

// --- at an offset

namespace {

// One buffer after the other, as far as whole buffers go. `Byte` is const where the guest's bytes
// are written to the file.
template <class Byte>
SysResult<uint64_t> transfer_at(Call& call, OpenFile& file, int64_t offset,
                                std::span<const std::span<Byte>> buffers,
                                SysResult<uint64_t> (OpenFile::*transfer)(Call&, uint64_t,
                                                                          std::span<Byte>)) {
  if (offset < 0) return Errno::kINVAL;
  uint64_t done = 0;
  if (buffers.empty()) return (file.*transfer)(call, static_cast<uint64_t>(offset), {});
  for (const auto& buffer : buffers) {
    const auto count = (file.*transfer)(call, static_cast<uint64_t>(offset) + done, buffer);
    if (!count.ok()) {
      if (done > 0) return done;
      return count.error();
    }
    done += *count;
    if (*count < buffer.size()) break;
  }
  return done;
}

}  // namespace

SysResult<uint64_t> read_vectors_at(Call& call, OpenFile& file, int64_t offset,
                                    std::span<const std::span<uint8_t>> buffers) {
  return transfer_at(call, file, offset, buffers, &OpenFile::read_at);
}

SysResult<uint64_t> write_vectors_at(Call& call, OpenFile& file, int64_t offset,
                                     std::span<const std::span<const uint8_t>> buffers) {
  return transfer_at(call, file, offset, buffers, &OpenFile::write_at);
}

namespace {

// Flags of preadv2 and pwritev2 that change nothing here; the others are EOPNOTSUPP.
constexpr uint32_t kVectorHighPriority = 1, kVectorDsync = 2, kVectorSync = 4;
constexpr uint32_t kVectorFlags = kVectorHighPriority | kVectorDsync | kVectorSync;

}  // namespace

SysResult<uint64_t> sys_pread64(Call& call, Fd fd, UserPtr buffer, uint32_t count, int64_t offset) {
  if (offset < 0) return Errno::kINVAL;
  const FileRef file = TRY(readable_file(call, fd));
  const std::array out{TRY(call.bytes_out(buffer, std::min<uint64_t>(count, kMaxTransfer)))};
  return read_vectors_at(call, *file, offset, out);
}

SysResult<uint64_t> sys_pwrite64(Call& call, Fd fd, UserPtr buffer, uint32_t count,
                                 int64_t offset) {
  if (offset < 0) return Errno::kINVAL;
  const FileRef file = TRY(writable_file(call, fd));
  const std::array in{TRY(call.bytes_in(buffer, std::min<uint64_t>(count, kMaxTransfer)))};
  return write_vectors_at(call, *file, offset, in);
}

SysResult<uint64_t> sys_preadv(Call& call, Fd fd, UserPtr vector, uint32_t count, int64_t offset) {
  if (offset < 0) return Errno::kINVAL;
  const FileRef file = TRY(readable_file(call, fd));
  return read_vectors_at(call, *file, offset, TRY(out_vectors(call, vector, count)));
}

SysResult<uint64_t> sys_pwritev(Call& call, Fd fd, UserPtr vector, uint32_t count, int64_t offset) {
  if (offset < 0) return Errno::kINVAL;
  const FileRef file = TRY(writable_file(call, fd));
  return write_vectors_at(call, *file, offset, TRY(in_vectors(call, vector, count)));
}

SysResult<uint64_t> sys_preadv2(Call& call, Fd fd, UserPtr vector, uint32_t count, int64_t offset,
                                uint32_t flags) {
  if (flags & ~kVectorFlags) return Errno::kOPNOTSUPP;
  if (offset == -1) return sys_readv(call, fd, vector, count);
  return sys_preadv(call, fd, vector, count, offset);
}

SysResult<uint64_t> sys_pwritev2(Call& call, Fd fd, UserPtr vector, uint32_t count, int64_t offset,
                                 uint32_t flags) {
  if (flags & ~kVectorFlags) return Errno::kOPNOTSUPP;
  if (offset == -1) return sys_writev(call, fd, vector, count);
  return sys_pwritev(call, fd, vector, count, offset);
}

// --- copies inside the kernel

namespace {

constexpr uint64_t kCopyChunk = 65536;
constexpr uint64_t kCopyLimit = 4 << 20;  // of one call: callers go on, and others get their turn

}  // namespace

SysResult<uint64_t> sys_sendfile64(Call& call, Fd out_fd, Fd in_fd, UserPtr offset_at,
                                   uint32_t count) {
  const FileRef in = TRY(call.process().fds->get(in_fd));
  if (!in->readable()) return Errno::kBADF;
  const FileRef out = TRY(writable_file(call, out_fd));
  if (in->kind() != FileKind::kRegular || (out->flags() & kAppend)) return Errno::kINVAL;
  auto& source = static_cast<RegularFile&>(*in);
  uint64_t offset = offset_at ? TRY(call.get<uint64_t>(offset_at)) : source.position();
  if (offset > kMaxOffset) return Errno::kINVAL;
  std::vector<uint8_t> buffer(std::min<uint64_t>(count, kCopyChunk));
  const uint64_t wanted = std::min<uint64_t>(count, kCopyLimit);
  uint64_t done = 0;
  Errno error{};
  while (done < wanted) {
    const uint64_t chunk = std::min(wanted - done, kCopyChunk);
    const uint64_t got = TRY(in->read_at(call, offset, std::span(buffer).first(chunk)));
    if (got == 0) break;
    const auto written = out->write(call, std::span(buffer).first(got));
    if (!written.ok()) {
      error = written.error();
      break;
    }
    done += *written;
    offset += *written;
    if (*written < got) break;
  }
  if (error == Errno::kPIPE && !is_datagram(*out)) raise_sigpipe(call);
  if (done == 0 && error == Errno::kAGAIN && !nonblocking(*out))
    return wait_for(call, out, kPollOut);
  if (done == 0 && error != Errno{}) return error;
  if (offset_at)
    TRY(call.put(offset_at, offset));
  else
    source.set_position(offset);
  return done;
}

// Not offered between pipes. EINVAL, not ENOSYS: programs then read and write themselves.
SysResult<int32_t> sys_splice(Call&, Fd, UserPtr, Fd, UserPtr, uint32_t, uint32_t) {
  return Errno::kINVAL;
}

SysResult<int32_t> sys_vmsplice(Call&, Fd, UserPtr, uint32_t, uint32_t) { return Errno::kINVAL; }

SysResult<int32_t> sys_tee(Call&, Fd, Fd, uint32_t, uint32_t) { return Errno::kINVAL; }

// --- descriptors

SysResult<int32_t> sys_close(Call& call, Fd fd) {
  TRY(call.process().fds->close(fd, call.process()));
  return 0;
}

SysResult<int32_t> sys_close_range(Call& call, uint32_t first, uint32_t last, uint32_t flags) {
  constexpr uint32_t kUnshare = 2, kOnExec = 4;
  if (first > last || (flags & ~(kUnshare | kOnExec))) return Errno::kINVAL;
  Process& process = call.process();
  if (flags & kUnshare) process.fds = process.fds->copy();
  if (flags & kOnExec) {
    process.fds->close_range_on_exec(first, last);
  } else {
    process.fds->close_range(first, last, process);
  }
  return 0;
}

SysResult<int32_t> sys_dup(Call& call, Fd fd) {
  return install(call, TRY(call.process().fds->get_any(fd)), 0);
}

SysResult<int32_t> sys_dup3(Call& call, Fd old_fd, Fd new_fd, uint32_t flags) {
  if (flags & ~uint32_t{kCloseOnExec}) return Errno::kINVAL;
  if (old_fd == new_fd) return Errno::kINVAL;
  Process& process = call.process();
  // EBADF for a new number out of range comes before EBADF for the old one: the same error.
  FileRef file = TRY(process.fds->get_any(old_fd));
  TRY(process.fds->set(new_fd, std::move(file), (flags & kCloseOnExec) != 0,
                       descriptor_limit(process), process));
  return static_cast<int32_t>(new_fd);
}

SysResult<int32_t> sys_pipe2(Call& call, UserPtr fds_at, uint32_t flags) {
  // O_DIRECT (packets) is not there.
  if (flags & ~uint32_t{kCloseOnExec | kNonBlock}) return Errno::kINVAL;
  Process& process = call.process();
  TRY(process.fds->check_room(2, descriptor_limit(process)));
  TRY(call.bytes_out(fds_at, 2 * sizeof(int32_t)));
  PipePair pair = TRY(make_pipe(call.kernel().io(), process.credentials, flags));
  std::array<int32_t, 2> fds{};
  fds[0] = TRY(install(call, std::move(pair.read_end), flags));
  fds[1] = TRY(install(call, std::move(pair.write_end), flags));
  TRY(call.put(fds_at, fds));
  return 0;
}

SysResult<int32_t> sys_eventfd2(Call& call, uint32_t initial, uint32_t flags) {
  constexpr uint32_t kSemaphore = 1;
  if (flags & ~uint32_t{kSemaphore | kCloseOnExec | kNonBlock}) return Errno::kINVAL;
  const auto mode = (flags & kSemaphore) ? EventFile::Mode::kSemaphore : EventFile::Mode::kCounter;
  return install(call, make_ref<EventFile>(initial, mode, kReadWrite | (flags & kNonBlock)), flags);
}

SysResult<int32_t> sys_ioctl(Call& call, Fd fd, uint32_t command, UserPtr argument) {
  const FileRef file = TRY(file_of(call, fd));
  switch (command) {
    case kFioClex:
    case kFioNclex:
      TRY(call.process().fds->set_close_on_exec(fd, command == kFioClex));
      return 0;
    case kFionBio: {
      const bool on = TRY(call.get<int32_t>(argument)) != 0;
      file->set_flags(on ? file->flags() | kNonBlock : file->flags() & ~uint32_t{kNonBlock});
      return 0;
    }
    case kFioAsync:
      return Errno::kNOTTY;
    default:
      return file->ioctl(call, command, argument);
  }
}

}  // namespace cloche::kernel
