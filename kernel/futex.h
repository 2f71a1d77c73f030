// Futexes: threads that wait for a word of memory. A futex is named by what its word lies in, an
// address space or a region that processes share, and the place in it; so private and shared
// futexes are the same thing here. Memory that processes share after vfork or clone is one space.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>

namespace cloche::kernel {

class Thread;

struct FutexKey {
  const void* space = nullptr;  // AddressSpace: those who wait keep it alive
  uint64_t region = 0;          // or the number of a SharedRegion, which no other one gets
  uint64_t offset = 0;          // the address, or the place in the region
  auto operator<=>(const FutexKey&) const = default;
};

class FutexTable {
 public:
  // Puts `thread` at the end of the futex's queue. The caller then blocks it on thread.futex.queue.
  void join(Thread& thread, const FutexKey& key, uint32_t bitset);
  // Takes a thread out, woken or not. Nothing when it does not wait.
  void leave(Thread& thread);
  // Wakes up to `count` threads whose bitset meets `bitset`, first come first; returns how many.
  uint32_t wake(const FutexKey& key, uint32_t count, uint32_t bitset);
  // Moves up to `count` waiting threads to another futex without waking them; returns how many.
  uint32_t requeue(const FutexKey& from, const FutexKey& to, uint32_t count);
  size_t waiting() const { return waiting_; }

 private:
  using Queue = std::list<Thread*>;
  std::map<FutexKey, Queue> queues_;
  size_t waiting_ = 0;
};

}  // namespace cloche::kernel
