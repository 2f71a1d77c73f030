// Sleepers that wait for descriptors of the host, all on one thread.
//
// One epoll instance and one thread serve any number of sleepers, so one that waits occupies no
// worker, and one that nothing happens to costs nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/owned_fd.h"
#include "base/result.h"
#include "sched/thread.h"

namespace cloche::sched {

// As struct pollfd: POLLIN, POLLOUT, POLLPRI, POLLRDHUP; POLLERR and POLLHUP are always waited for.
struct FdWait {
  int fd = -1;
  uint32_t events = 0;
};

class Sleeper {
 public:
  // A descriptor is ready; the sleeper looks which. In the reactor's thread, or in that of arm(),
  // with the reactor's lock held: short, and it calls nothing of the reactor. May come once too
  // often.
  virtual void ready() noexcept = 0;

 protected:
  ~Sleeper() = default;
};

// Thread class: safe; each sleeper is armed and disarmed by one thread at a time.
class Reactor {
 public:
  // kIo, kResourceExhausted: no descriptor or no thread left.
  static Result<std::unique_ptr<Reactor>> create();
  ~Reactor();  // nobody is armed any more

  // Calls ready() at least once when one of the descriptors is ready, or cannot be waited for as a
  // plain file cannot (poll(2) says those are ready). Replaces what it waited for before. The
  // descriptors stay open until it is disarmed; several sleepers may wait for one.
  // kResourceExhausted: the host watches no more descriptors; the sleeper is not armed.
  Status arm(Sleeper& sleeper, std::span<const FdWait> waits);
  // After this ready() is not called, and no call is under way. Nothing if it is not armed.
  void disarm(Sleeper& sleeper);

 private:
  struct Watch {
    Sleeper* sleeper;
    uint32_t events;
  };
  Reactor(OwnedFd epoll, OwnedFd bell);
  void run();
  void on_event(int fd, uint32_t events);
  Status watch(Sleeper& sleeper, const FdWait& wait);
  void forget(Sleeper& sleeper);
  // Makes epoll wait once for what the watches of the descriptor want.
  int update(int fd, int operation);

  const OwnedFd epoll_, bell_;
  std::mutex mutex_;
  std::unordered_map<int, std::vector<Watch>> watches_;  // by descriptor: those known to epoll_
  std::unordered_map<Sleeper*, std::vector<int>> armed_;
  Thread thread_;
};

}  // namespace cloche::sched
