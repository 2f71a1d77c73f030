#include "kernel/pipe.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "kernel/file_lock.h"
#include "kernel/io_state.h"
#include "kernel/ioctl.h"

namespace cloche::kernel {

SysResult<Ref<Pipe>> Pipe::create(Ref<PipeMemory> memory, uint64_t capacity) {
  if (memory->capacity.used() + capacity > PipeMemory::kComfortable) capacity = kPageSize;
  if (!memory->capacity.take(capacity)) return Errno::kNFILE;
  return Ref<Pipe>(new Pipe(std::move(memory), capacity));
}

Pipe::~Pipe() {
  memory_->capacity.give(capacity_);
  memory_->resident -= ring_size_;
}

SysResult<uint64_t> Pipe::read(std::span<uint8_t> out) {
  if (out.empty()) return 0;
  if (size_ == 0) return writers_ == 0 ? SysResult<uint64_t>(0) : Errno::kAGAIN;
  const uint64_t count = std::min<uint64_t>(out.size(), size_);
  const bool was_tight = room() < kAtomicBytes;
  copy_out(out.first(count));
  size_ -= count;
  start_ = size_ == 0 ? 0 : (start_ + count) & (ring_size_ - 1);
  // Writers go on when a page is free: waking them for less costs more switches than it moves
  // bytes.
  if (was_tight && room() >= kAtomicBytes) queue_.wake_for(kPollOut);
  return count;
}

SysResult<uint64_t> Pipe::write(std::span<const uint8_t> in) {
  if (in.empty()) return 0;
  if (readers_ == 0) return Errno::kPIPE;
  if (in.size() <= kAtomicBytes && in.size() > room()) return Errno::kAGAIN;
  if (room() == 0) return Errno::kAGAIN;
  const uint64_t count = std::min<uint64_t>(in.size(), room());
  reserve(size_ + count);
  const uint64_t end = (start_ + size_) & (ring_size_ - 1);
  const uint64_t first = std::min(count, ring_size_ - end);
  std::memcpy(ring_.get() + end, in.data(), first);
  std::memcpy(ring_.get(), in.data() + first, count - first);
  const bool was_empty = size_ == 0;
  size_ += count;
  if (was_empty)
    queue_.wake_for(kPollIn);
  else
    queue_.tell(kPollIn);  // of each write, for EPOLLET
  return count;
}

void Pipe::copy_out(std::span<uint8_t> out) const {
  const uint64_t first = std::min<uint64_t>(out.size(), ring_size_ - start_);
  std::memcpy(out.data(), ring_.get() + start_, first);
  std::memcpy(out.data() + first, ring_.get(), out.size() - first);
}

void Pipe::reserve(uint64_t bytes) {
  // Powers of two, so that positions wrap with a mask.
  if (bytes > ring_size_) resize_ring(std::bit_ceil(std::max(bytes, kPageSize)));
}

void Pipe::resize_ring(uint64_t bytes) {
  std::unique_ptr<uint8_t[]> ring(new uint8_t[bytes]);
  if (size_ > 0) copy_out({ring.get(), size_});
  ring_ = std::move(ring);
  memory_->resident += bytes - ring_size_;
  ring_size_ = bytes;
  start_ = 0;
}

SysResult<uint64_t> Pipe::set_capacity(uint64_t wanted) {
  const uint64_t rounded = std::bit_ceil(std::max(wanted, kPageSize));
  if (rounded < size_) return Errno::kBUSY;
  const bool grew = rounded > capacity_;
  if (grew && memory_->capacity.used() + rounded - capacity_ > PipeMemory::kComfortable)
    return Errno::kPERM;
  memory_->capacity.give(capacity_);
  CHECK(memory_->capacity.take(rounded));  // no more than was there, or below the comfortable size
  capacity_ = rounded;
  if (ring_size_ > capacity_) resize_ring(capacity_);
  if (grew) queue_.wake_for(kPollOut);
  return capacity_;
}

void Pipe::add_reader() {
  ++readers_;
  ++readers_ever_;
  queue_.wake();
}

void Pipe::add_writer() {
  ++writers_;
  ++writers_ever_;
  queue_.wake();
}

void Pipe::remove_reader() {
  if (--readers_ == 0) queue_.wake_for(kPollOut | kPollErr);
}

void Pipe::remove_writer() {
  if (--writers_ == 0) queue_.wake_for(kPollIn | kPollHup);
}

uint32_t Pipe::poll_read_end(uint64_t writers_before) const {
  uint32_t events = size_ > 0 ? kPollIn : 0;
  if (writers_ == 0 && writers_ever_ != writers_before) events |= kPollHup;
  return events;
}

uint32_t Pipe::poll_write_end() const {
  uint32_t events = room() >= kAtomicBytes ? kPollOut : 0;
  if (readers_ == 0) events |= kPollErr;
  return events;
}

PipeEnd::PipeEnd(Ref<Pipe> pipe, vfs::Location location, uint32_t flags,
                 const vfs::Namespace* names)
    : OpenFile(flags),
      pipe_(std::move(pipe)),
      location_(std::move(location)),
      names_(names),
      writers_before_(pipe_->writers_ever() - pipe_->writers()) {
  if (readable()) pipe_->add_reader();
  if (writable()) pipe_->add_writer();
}

PipeEnd::~PipeEnd() {
  release_description_locks(*this);
  if (readable()) pipe_->remove_reader();
  if (writable()) pipe_->remove_writer();
}

SysResult<uint64_t> PipeEnd::read(Call&, std::span<uint8_t> out) { return pipe_->read(out); }

SysResult<uint64_t> PipeEnd::write(Call&, std::span<const uint8_t> in) { return pipe_->write(in); }

SysResult<int32_t> PipeEnd::ioctl(Call& call, uint32_t command, UserPtr argument) {
  if (command != kFionRead) return Errno::kNOTTY;
  TRY(call.put<int32_t>(argument, static_cast<int32_t>(pipe_->size())));
  return 0;
}

SysResult<vfs::Stat> PipeEnd::stat() { return location_.inode->stat(); }

uint32_t PipeEnd::poll() {
  uint32_t events = readable() ? pipe_->poll_read_end(writers_before_) : 0;
  if (writable()) events |= pipe_->poll_write_end();
  return events;
}

std::string PipeEnd::describe() const { return describe_location(names_, location_, "pipe"); }

SysResult<PipePair> make_pipe(IoState& io, const vfs::Credentials& owner, uint32_t flags) {
  vfs::Location location;
  location.inode = io.make_inode(vfs::FileType::kFifo, 0600, owner);
  auto pipe = TRY(Pipe::create(io.pipe_memory(), io.pipe_capacity()));
  state_of(*location.inode).pipe = pipe;
  const uint32_t status = flags & kNonBlock;
  return PipePair{FileRef(make_ref<PipeEnd>(pipe, location, kReadOnly | status, nullptr)),
                  FileRef(make_ref<PipeEnd>(pipe, location, kWriteOnly | status, nullptr))};
}

}  // namespace cloche::kernel
