// The sandbox's edge for bytes: file descriptors of the host as guest files, input from memory and
// output captured in memory.
//
// None of them ever blocks the thread that runs the sandbox. A host stream is polled before each
// transfer. While guest threads wait for one, HostPoller lists its descriptor; whoever runs the
// kernel polls those and reports the ones that are ready.
#pragma once

#include <string>
#include <vector>

#include "base/owned_fd.h"
#include "kernel/inode_state.h"
#include "kernel/open_file.h"

namespace cloche::kernel {

// One host descriptor that guest threads wait for. `events`: POLLIN, POLLOUT, or 0 when only errors
// and hang-up matter.
struct HostWait {
  int fd = -1;
  uint32_t events = 0;
};

class HostChannel;
class HostEvent;

class HostPoller {
 public:
  // What to poll now: only descriptors that some guest thread, or the kernel itself, waits for.
  std::vector<HostWait> waits() const;
  // The descriptor is ready, or has an error: wakes who waits for it.
  void ready(int fd);

 private:
  friend class HostChannel;
  friend class HostEvent;
  std::vector<HostChannel*> channels_;
  std::vector<HostEvent*> events_;
};

// Something that the kernel waits for as long as this lives: that `fd` becomes readable.
class HostEvent {
 public:
  HostEvent(HostPoller& poller, int fd);
  HostEvent(const HostEvent&) = delete;
  HostEvent& operator=(const HostEvent&) = delete;
  virtual void happened() = 0;  // perhaps; may end this

 protected:
  ~HostEvent();

 private:
  friend class HostPoller;
  HostPoller& poller_;
  const int fd_;
};

// How many bytes all outputs that share it may still write. What is beyond is lost, and the guest
// is told that it was written.
class OutputBudget : public RefCounted {
 public:
  explicit OutputBudget(uint64_t bytes) : limit_(bytes) {}
  // How many of `wanted` may be written; remembers if that is fewer.
  uint64_t take(uint64_t wanted);
  void give_back(uint64_t bytes) { used_ -= bytes; }
  bool exceeded() const { return exceeded_; }
  uint64_t used() const { return used_; }
  // What was written beyond it stays.
  void set_limit(uint64_t bytes) { limit_ = bytes; }
  // Nothing has been written.
  void begin_again() {
    used_ = 0;
    exceeded_ = false;
  }

 private:
  uint64_t limit_, used_ = 0;
  bool exceeded_ = false;
};

// Whether bytes of an output were lost.
struct OutputLoss : RefCounted {
  bool truncated = false;
};

struct OutputOptions {
  Ref<OutputBudget> budget;  // null: no limit
  Ref<OutputLoss> loss;      // null: nobody wants to know
};

// A descriptor of the host; it stays the caller's and must stay open while the kernel lives, or is
// given away, and is closed with the last file that a guest has of it. EPIPE becomes SIGPIPE in the
// guest, never in the host. To the guest it looks like a pipe: no terminal and no position of the
// host's shows through.
FileRef host_input(Kernel& kernel, int fd);
FileRef host_input(Kernel& kernel, OwnedFd fd);
FileRef host_output(Kernel& kernel, int fd, OutputOptions options);
FileRef host_output(Kernel& kernel, OwnedFd fd, OutputOptions options);

// Input that is these bytes, then the end.
FileRef memory_input(Kernel& kernel, std::string bytes);

// Bytes for programs to read. All open files share them: like from a pipe, reading takes them.
class MemorySource : public RefCounted {
 public:
  // In place of what is left of the last ones.
  void refill(std::string bytes) {
    bytes_ = std::move(bytes);
    position_ = 0;
  }
  uint64_t read(std::span<uint8_t> out);
  uint64_t size() const { return bytes_.size() - position_; }  // of what is left

 private:
  std::string bytes_;
  uint64_t position_ = 0;
};
FileRef shared_input(Kernel& kernel, Ref<MemorySource> source);

// A number that several count in.
struct ByteCount : RefCounted {
  uint64_t bytes = 0;
};

// Output kept in memory.
class Capture : public RefCounted {
 public:
  ~Capture() override { uncount(); }
  const std::string& bytes() const { return bytes_; }
  std::string take() {
    uncount();
    return std::exchange(bytes_, {});
  }

 private:
  friend class CaptureFile;
  friend FileRef memory_output(Kernel& kernel, Ref<Capture> capture, OutputOptions options);
  void uncount() {
    if (counted_) counted_->bytes -= bytes_.size();
    counted_ = nullptr;
  }
  std::string bytes_;
  Ref<ByteCount> counted_;  // of all output that the sandbox makes its host keep
};
FileRef memory_output(Kernel& kernel, Ref<Capture> capture, OutputOptions options);

// A descriptor of a guest whose other side is the host itself: both write at any time and read what
// there is. Nobody but who has the descriptor from the host can open it.
class HostLine : public RefCounted {
 public:
  // The guest may write `most` bytes before they are taken.
  explicit HostLine(uint64_t most) : most_(most) {}
  ~HostLine() override;

  void send(std::string_view bytes);              // the guest can read them now
  bool all_read() const { return out_.empty(); }  // of what was sent
  void set_most(uint64_t bytes) { most_ = bytes; }
  // What the guest wrote and nobody took.
  std::string_view received() const { return in_; }
  std::string take();
  // It wrote more than it may since the last take(); what is beyond is lost.
  bool overflowed() const { return overflowed_; }
  bool closed() const { return files_ == 0; }  // no guest has it open any more

 private:
  friend class LineFile;
  friend FileRef open_line(Kernel& kernel, Ref<HostLine> line);
  uint64_t read(std::span<uint8_t> out);
  void write(std::span<const uint8_t> in);
  void count(int64_t bytes);

  uint64_t most_;
  std::string out_, in_;
  uint64_t out_position_ = 0;
  uint32_t files_ = 0;
  bool overflowed_ = false;
  Ref<ByteCount> counted_;  // as of a Capture
  WaitQueue queue_;
};
FileRef open_line(Kernel& kernel, Ref<HostLine> line);

}  // namespace cloche::kernel
