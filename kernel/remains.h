// What the processes of a sandbox held of the engine when all were ended at once: contexts and the
// pools they lived in. Giving back that memory takes long (some 50 us a process, some 0.2 ms a
// MiB), so a thread does it while whoever waits for the end goes on.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "engine/engine.h"
#include "sched/thread.h"

namespace cloche::kernel {

// Thread class: one thread at a time.
class Remains {
 public:
  struct Part {
    std::unique_ptr<engine::Pool> pool;
    std::vector<std::unique_ptr<engine::Context>> contexts;  // all that `pool` has
  };
  explicit Remains(std::vector<Part> parts);
  ~Remains();  // waits until all is given back
  Remains(const Remains&) = delete;
  Remains& operator=(const Remains&) = delete;

  // Of the host's memory that is not given back yet; 0: all is.
  uint64_t host_bytes() const { return bytes_.load(); }

 private:
  void give_back();

  std::vector<Part> parts_;  // of the thread, once that has started
  std::atomic<uint64_t> bytes_{0};
  sched::Thread thread_;
};

}  // namespace cloche::kernel
