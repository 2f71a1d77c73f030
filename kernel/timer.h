// Timers of the kernel: what shall happen at which monotonic time. Ties fire in the order in which
// they were added, so runs are repeatable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>

namespace cloche::kernel {

class TimerHeap {
 public:
  using Fire = void (*)(void* env, uint64_t argument);
  static constexpr int64_t kNever = INT64_MAX;

  // An id > 0. fire(env, argument) runs once, from fire_due(); O(log n).
  uint64_t add(int64_t deadline, void* env, Fire fire, uint64_t argument);
  void cancel(uint64_t id);       // nothing when it has fired or id is 0
  int64_t next_deadline() const;  // kNever when empty
  void fire_due(int64_t now);     // may be called back into add() and cancel()
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    void* env;
    Fire fire;
    uint64_t argument;
  };
  using Key = std::pair<int64_t, uint64_t>;  // deadline, id
  std::map<Key, Entry> entries_;
  std::unordered_map<uint64_t, int64_t> deadlines_;
  uint64_t last_id_ = 0;
};

}  // namespace cloche::kernel
