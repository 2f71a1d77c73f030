// Pipes: the ring of bytes, and the open ends of it (pipe(7)). A FIFO is a pipe with a name.
#pragma once

#include <memory>

#include "kernel/inode_state.h"
#include "kernel/open_file.h"
#include "kernel/quota.h"

namespace cloche::kernel {

class IoState;

// The ring. Knows how many ends are open; its queue is woken when bytes or room appear and when the
// last end of one side goes.
class Pipe : public RefCounted {
 public:
  static constexpr uint64_t kPageSize = 4096;
  static constexpr uint64_t kAtomicBytes = 4096;  // PIPE_BUF: such a write is never split
  static constexpr uint64_t kDefaultCapacity = 65536;

  // An empty pipe; its capacity is charged to `memory`, which gets it back at the end. ENFILE.
  static SysResult<Ref<Pipe>> create(Ref<PipeMemory> memory, uint64_t capacity);
  ~Pipe() override;

  // Bytes taken; 0 at the end (nothing left and no writer). EAGAIN: nothing yet.
  SysResult<uint64_t> read(std::span<uint8_t> out);
  // Bytes stored: all of them, or, for more than kAtomicBytes, what fits. EAGAIN; EPIPE: no reader.
  SysResult<uint64_t> write(std::span<const uint8_t> in);

  uint64_t size() const { return size_; }
  uint64_t capacity() const { return capacity_; }
  // F_SETPIPE_SZ: rounds up to a power of two of pages. EBUSY if more is stored now; EPERM when the
  // sandbox's pipes hold too much already.
  SysResult<uint64_t> set_capacity(uint64_t wanted);

  void add_reader();
  void add_writer();
  void remove_reader();
  void remove_writer();
  uint32_t readers() const { return readers_; }
  uint32_t writers() const { return writers_; }
  // How often an end was opened: lets an opener see that its peer came, even if it left again.
  uint64_t readers_ever() const { return readers_ever_; }
  uint64_t writers_ever() const { return writers_ever_; }

  // `writers_before`: writers_ever() when the end was opened, for it has no hang-up before one
  // came.
  uint32_t poll_read_end(uint64_t writers_before) const;
  uint32_t poll_write_end() const;
  WaitQueue& queue() { return queue_; }

 private:
  Pipe(Ref<PipeMemory> memory, uint64_t capacity)
      : memory_(std::move(memory)), capacity_(capacity) {}
  uint64_t room() const { return capacity_ - size_; }
  void reserve(uint64_t bytes);  // makes the ring hold `bytes` in all
  void resize_ring(uint64_t bytes);
  void copy_out(std::span<uint8_t> out) const;

  Ref<PipeMemory> memory_;
  std::unique_ptr<uint8_t[]> ring_;  // grows up to the capacity as it is used
  uint64_t ring_size_ = 0, start_ = 0, size_ = 0, capacity_;
  uint32_t readers_ = 0, writers_ = 0;
  uint64_t readers_ever_ = 0, writers_ever_ = 0;
  WaitQueue queue_;
};

// An open end: reads, writes or (a FIFO opened O_RDWR) both.
class PipeEnd final : public OpenFile {
 public:
  // Counts as an end from now on. `location` is the FIFO's, or names the pipe's own inode.
  PipeEnd(Ref<Pipe> pipe, vfs::Location location, uint32_t flags, const vfs::Namespace* names);
  ~PipeEnd() override;
  FileKind kind() const override { return FileKind::kPipe; }
  Pipe& pipe() { return *pipe_; }

  SysResult<uint64_t> read(Call& call, std::span<uint8_t> out) override;
  SysResult<uint64_t> write(Call& call, std::span<const uint8_t> in) override;
  SysResult<int32_t> ioctl(Call& call, uint32_t command, UserPtr argument) override;
  SysResult<vfs::Stat> stat() override;
  uint32_t poll() override;
  WaitQueue* wait_queue(uint32_t) override { return &pipe_->queue(); }
  const vfs::Location& location() const override { return location_; }
  std::string describe() const override;

 private:
  Ref<Pipe> pipe_;
  vfs::Location location_;
  const vfs::Namespace* names_;  // null: in no directory
  uint64_t writers_before_;
};

struct PipePair {
  FileRef read_end, write_end;
};
// pipe2(2). `flags`: O_NONBLOCK, O_DIRECT is refused above. ENFILE.
SysResult<PipePair> make_pipe(IoState& io, const vfs::Credentials& owner, uint32_t flags);

}  // namespace cloche::kernel
