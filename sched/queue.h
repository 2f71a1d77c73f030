// Who runs next, among those that compete with one another at one level: weighted fair queueing by
// earliest eligible virtual deadline first.
//
// Source: I. Stoica, H. Abdel-Wahab, "Earliest Eligible Virtual Deadline First", Old Dominion
// University TR-95-22, 1995; Linux since 6.6 (kernel/sched/fair.c) takes the same.
// docs/scheduling.md says where this differs from both and why. In short:
//   vruntime   CPU time that an entity got, divided by its weight
//   V          the average vruntime of the queued, by weight; lag = weight * (V - vruntime) is what
//              an entity has yet to get, so lags add up to zero
//   eligible   lag >= 0: it got no more than its share
//   request    each asks for `slice_ns` at a time; its deadline is vruntime + slice / weight
//   pick       of the eligible, the earliest deadline
// One queue serves up to 64 workers: an entity that runs is not queued, so V is that of those which
// one can choose from, and one of them is always eligible.
//
// Pure: no clock, no lock, allocates only for those set apart. Thread class: unsafe.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "sched/weight.h"

namespace cloche::sched {

// Virtual time: nanoseconds of CPU time times kVirtualScale / weight. 128 bits, so that neither the
// sums nor centuries overflow it.
using Virtual = __int128;
constexpr int64_t kVirtualScale = 1 << 17;

using WorkerMask = uint64_t;
constexpr unsigned kMaxWorkers = 64;  // of one queue
constexpr WorkerMask kEveryWorker = ~WorkerMask{0};

constexpr WorkerMask bit_of(unsigned worker) { return WorkerMask{1} << worker; }

// Base of what competes in a queue. Belongs to whoever made it; outlives its time in a queue. Not
// copied: a queue links it.
class Entity {
 public:
  Entity() = default;
  Entity(const Entity&) = delete;
  Entity& operator=(const Entity&) = delete;

  enum class Place : uint8_t {
    kOut,      // it does not want the CPU
    kQueued,   // it wants it
    kRunning,  // it has it, and nothing more of it can be chosen
  };
  Place place() const { return place_; }
  Weight weight() const { return weight_; }
  int64_t slice_ns() const { return slice_ns_; }
  WorkerMask allowed() const { return allowed_; }
  Virtual vruntime() const { return vruntime_; }
  Virtual deadline() const { return deadline_; }

 private:
  friend class Queue;
  friend class Tree;  // of queue.cc
  Virtual vruntime_ = 0, deadline_ = 0;
  Weight weight_ = kDefaultWeight;
  int64_t slice_ns_ = 3'000'000;
  WorkerMask allowed_ = kEveryWorker;
  Place place_ = Place::kOut;
  Virtual behind_ = 0;  // V - vruntime when it was started
  bool known_ = false;  // it was in the queue before, so its vruntime says something
  bool apart_ = false;

  // The tree: ordered by deadline, a heap by priority_, each node summing up what is below it.
  Entity *left_ = nullptr, *right_ = nullptr;
  uint64_t order_ = 0;  // equal deadlines: who was queued first
  uint32_t priority_ = 0;
  Virtual least_vruntime_ = 0;
  WorkerMask allowed_below_ = 0;
};

class Queue {
 public:
  // What an entity that woke may be behind V, and so gets at once, is its share while it slept, but
  // at most one request. One that wants more than a worker has falls behind while it runs; that
  // counts up to so many requests.
  static constexpr int kMaxBehindRequests = 2;
  // Who is ahead of V by more than so many requests (it could not be stopped in time, or only it
  // may run on its worker) is set apart until V comes near: its debt would move V away from all
  // others, and whoever wakes is placed by V. When a worker finds none but such, what they took
  // nobody else could take, so it counts for nothing.
  static constexpr int kMaxAheadRequests = 4;

  Queue() = default;
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  // --- transitions; each CHECKs the place it starts from

  // kOut -> kQueued: new, woke, or is no longer barred.
  void enter(Entity& entity);
  // kQueued or kRunning -> kOut. What it got beyond its share stays known until it enters again.
  void leave(Entity& entity);
  // kQueued -> kRunning.
  void start(Entity& entity);
  // kRunning -> kQueued.
  void put_back(Entity& entity);

  // The next one for this worker, which stays where it is; null: none that may run there. Cost:
  // logarithmic when all of the queue may run there, else up to linear.
  Entity* pick(unsigned worker);

  // `used_ns` >= 0 of CPU time went to it, queued or running.
  void charge(Entity& entity, int64_t used_ns);

  // Any place. Weight and slice: from now on, the lag and the part of the request that is left stay
  // what they are, in time. Slices are more than zero.
  void set_weight(Entity& entity, Weight weight);
  void set_slice(Entity& entity, int64_t slice_ns);
  void set_allowed(Entity& entity, WorkerMask allowed);

  // How far a vruntime is ahead of V: what a member takes along to another queue, where set_ahead()
  // is called before it enters.
  Virtual ahead(const Entity& entity) const { return entity.vruntime_ - time_; }
  void set_ahead(Entity& entity, Virtual ahead);

  // Of all that are queued or running.
  int64_t weight() const { return all_weights_; }
  bool empty() const { return root_ == nullptr && apart_.empty(); }
  // Those that are queued, in no order. Linear.
  std::vector<Entity*> queued() const;
  // The workers that some queued entity may run on.
  WorkerMask allowed() const;
  // CPU time until the entity's request is fulfilled; can be <= 0 before the next charge.
  int64_t request_left_ns(const Entity& entity) const;
  // weight * (V - vruntime) in ns of CPU time. Of a queued entity.
  int64_t lag_ns(const Entity& entity) const;
  // Should `woken`, queued, take the worker on which `running` has run for `ran_ns` by now, which
  // is not charged yet?
  bool preempts(const Entity& woken, const Entity& running, int64_t ran_ns) const;

 private:
  Virtual average() const;
  static std::pair<Virtual, uint64_t> release(const Entity& entity);
  void insert(Entity& entity);
  void erase(Entity& entity);
  void note_time();
  void renew_request(Entity& entity);
  Entity* least_apart(WorkerMask worker) const;
  void bring_back(WorkerMask worker, Virtual by);

  Entity* root_ = nullptr;
  // By when they are let in again; then by order_.
  std::map<std::pair<Virtual, uint64_t>, Entity*> apart_;
  uint64_t orders_ = 0;
  Virtual weighted_sum_ = 0;  // of weight * vruntime of the queued
  int64_t weights_ = 0;       // of the queued; both without those set apart
  int64_t all_weights_ = 0;
  Virtual time_ = 0;  // the latest V; never goes back
  std::vector<Entity*> running_, shifted_;
};

}  // namespace cloche::sched
