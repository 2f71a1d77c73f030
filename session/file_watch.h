// What a host hears of the files of a sandbox.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "include/cloche/cloche.hpp"
#include "kernel/notify.h"
#include "kernel/wait_queue.h"

namespace cloche {
namespace session {

// Hears that there is something to read, in the thread that drives the sandbox.
class WatchListener final : public kernel::WaitListener {
 public:
  bool notify(uint32_t events, kernel::WakeRound& round) override;
  // Whether something was told since the last time; waits for it.
  bool wait(std::chrono::nanoseconds timeout);
  void tell();

 private:
  std::mutex mutex_;
  std::condition_variable told_;
  bool pending_ = false;
};

// The watches of one sandbox, which learn of its end. Thread class: that of the kernel; made and
// destroyed with the sandbox.
class FileWatches {
 public:
  FileWatches() = default;
  ~FileWatches();
  FileWatches(const FileWatches&) = delete;
  FileWatches& operator=(const FileWatches&) = delete;

  void add(std::weak_ptr<FileWatch::State> watch);

 private:
  std::vector<std::weak_ptr<FileWatch::State>> watches_;
};

}  // namespace session

// Thread class: safe; `file` belongs to the thread of the kernel.
struct [[gnu::visibility("hidden")]] FileWatch::State {
  explicit State(Sandbox::State& watched) : sandbox(&watched) {}
  ~State() { leave(); }
  // It watches no more.
  void leave();

  std::mutex mutex;         // around what is done with the sandbox, and its end
  Sandbox::State* sandbox;  // null: it is gone
  Ref<kernel::NotifyFile> file;
  session::WatchListener listener;
};

}  // namespace cloche
