// Futexes: threads that wait for a word of memory. A futex is named by its address space and the
// address in it: memory that processes share after vfork or clone is one space, so private and
// shared futexes are the same thing here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <utility>

namespace cloche::kernel {

class Thread;

class FutexTable {
 public:
  // Puts `thread` at the end of the futex's queue. The caller then blocks it on thread.futex.queue.
  void join(Thread& thread, const void* space, uint32_t address, uint32_t bitset);
  // Takes a thread out, woken or not. Nothing when it does not wait.
  void leave(Thread& thread);
  // Wakes up to `count` threads whose bitset meets `bitset`, first come first; returns how many.
  uint32_t wake(const void* space, uint32_t address, uint32_t count, uint32_t bitset);
  // Moves up to `count` waiting threads to another futex without waking them; returns how many.
  uint32_t requeue(const void* space, uint32_t from, uint32_t to, uint32_t count);
  size_t waiting() const { return waiting_; }

 private:
  using Key = std::pair<const void*, uint32_t>;
  using Queue = std::list<Thread*>;
  std::map<Key, Queue> queues_;
  size_t waiting_ = 0;
};

}  // namespace cloche::kernel
