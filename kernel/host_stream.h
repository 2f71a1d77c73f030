// The sandbox's edge for bytes: file descriptors of the host as guest files, input from memory and
// output captured in memory.
//
// None of them ever blocks the thread that runs the sandbox. A host stream is polled before each
// transfer. While guest threads wait for one, HostPoller lists its descriptor; whoever runs the
// kernel polls those and reports the ones that are ready.
#pragma once

#include <string>
#include <vector>

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

// A descriptor of the host; it stays the caller's and must stay open while the kernel lives. EPIPE
// becomes SIGPIPE in the guest, never in the host. To the guest it looks like a pipe: no terminal
// and no position of the host's shows through.
FileRef host_input(Kernel& kernel, int fd);
FileRef host_output(Kernel& kernel, int fd, OutputOptions options);

// Input that is these bytes, then the end.
FileRef memory_input(Kernel& kernel, std::string bytes);

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

}  // namespace cloche::kernel
