#include "kernel/timer.h"

namespace cloche::kernel {

uint64_t TimerHeap::add(int64_t deadline, void* env, Fire fire, uint64_t argument) {
  const uint64_t id = ++last_id_;
  entries_.emplace(Key{deadline, id}, Entry{env, fire, argument});
  deadlines_.emplace(id, deadline);
  return id;
}

void TimerHeap::cancel(uint64_t id) {
  const auto found = deadlines_.find(id);
  if (found == deadlines_.end()) return;
  entries_.erase(Key{found->second, id});
  deadlines_.erase(found);
}

int64_t TimerHeap::next_deadline() const {
  return entries_.empty() ? kNever : entries_.begin()->first.first;
}

void TimerHeap::fire_due(int64_t now) {
  // Timers that are added meanwhile wait for the next call, even when they are due: a callback that
  // adds itself again cannot keep this loop busy.
  const uint64_t last = last_id_;
  auto next = entries_.begin();
  while (next != entries_.end() && next->first.first <= now) {
    const Key key = next->first;
    if (key.second > last) {
      ++next;
      continue;
    }
    const Entry entry = next->second;
    deadlines_.erase(key.second);
    entries_.erase(next);
    entry.fire(entry.env, entry.argument);
    next = entries_.lower_bound(key);  // the callback may have changed anything
  }
}

}  // namespace cloche::kernel
