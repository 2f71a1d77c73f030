#include "kernel/futex.h"

#include "kernel/process.h"

namespace cloche::kernel {

void FutexTable::join(Thread& thread, const void* space, uint32_t address, uint32_t bitset) {
  leave(thread);
  thread.futex.space = space;
  thread.futex.address = address;
  thread.futex.bitset = bitset;
  thread.futex.woken = false;
  queues_[{space, address}].push_back(&thread);
  ++waiting_;
}

void FutexTable::leave(Thread& thread) {
  if (!thread.futex.space) return;
  const auto found = queues_.find({thread.futex.space, thread.futex.address});
  found->second.remove(&thread);
  if (found->second.empty()) queues_.erase(found);
  thread.futex.space = nullptr;
  --waiting_;
}

uint32_t FutexTable::wake(const void* space, uint32_t address, uint32_t count, uint32_t bitset) {
  const auto found = queues_.find({space, address});
  if (found == queues_.end()) return 0;
  uint32_t woken = 0;
  Queue& queue = found->second;
  for (auto next = queue.begin(); next != queue.end() && woken < count;) {
    Thread& thread = **next;
    if ((thread.futex.bitset & bitset) == 0) {
      ++next;
      continue;
    }
    next = queue.erase(next);
    --waiting_;
    thread.futex.space = nullptr;
    thread.futex.woken = true;
    thread.futex.queue.wake();
    ++woken;
  }
  if (queue.empty()) queues_.erase(found);
  return woken;
}

uint32_t FutexTable::requeue(const void* space, uint32_t from, uint32_t to, uint32_t count) {
  const auto found = queues_.find({space, from});
  if (found == queues_.end() || from == to) return 0;
  Queue& target = queues_[{space, to}];
  uint32_t moved = 0;
  while (!found->second.empty() && moved < count) {
    found->second.front()->futex.address = to;
    target.splice(target.end(), found->second, found->second.begin());
    ++moved;
  }
  if (found->second.empty()) queues_.erase(found);
  if (target.empty()) queues_.erase({space, to});
  return moved;
}

}  // namespace cloche::kernel
