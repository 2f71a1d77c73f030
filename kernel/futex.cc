#include "kernel/futex.h"

#include "kernel/process.h"

namespace cloche::kernel {

void FutexTable::join(Thread& thread, const FutexKey& key, uint32_t bitset) {
  leave(thread);
  thread.futex.waits = true;
  thread.futex.key = key;
  thread.futex.bitset = bitset;
  thread.futex.woken = false;
  queues_[key].push_back(&thread);
  ++waiting_;
}

void FutexTable::leave(Thread& thread) {
  if (!thread.futex.waits) return;
  const auto found = queues_.find(thread.futex.key);
  found->second.remove(&thread);
  if (found->second.empty()) queues_.erase(found);
  thread.futex.waits = false;
  --waiting_;
}

uint32_t FutexTable::wake(const FutexKey& key, uint32_t count, uint32_t bitset) {
  const auto found = queues_.find(key);
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
    thread.futex.waits = false;
    thread.futex.woken = true;
    thread.futex.queue.wake();
    ++woken;
  }
  if (queue.empty()) queues_.erase(found);
  return woken;
}

uint32_t FutexTable::requeue(const FutexKey& from, const FutexKey& to, uint32_t count) {
  const auto found = queues_.find(from);
  if (found == queues_.end() || from == to) return 0;
  Queue& target = queues_[to];
  uint32_t moved = 0;
  while (!found->second.empty() && moved < count) {
    found->second.front()->futex.key = to;
    target.splice(target.end(), found->second, found->second.begin());
    ++moved;
  }
  if (found->second.empty()) queues_.erase(found);
  if (target.empty()) queues_.erase(to);
  return moved;
}

}  // namespace cloche::kernel
