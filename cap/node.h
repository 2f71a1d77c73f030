// The inside of the derivation tree. For tree.cc, use.cc and space.cc only.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "cap/tree.h"

namespace cloche::cap {

struct Tree::State {
  explicit State(const TreeLimits& given) : limits(given) {}
  const TreeLimits limits;
  // Guards all below, and in each node what says so.
  std::mutex lock;
  uint32_t nodes = 0;
  size_t bytes = 0;
  NodeId next_id = 1;
  Now latest;

  Now no_earlier(const Now& now) const {
    return {std::max(now.realtime_ns, latest.realtime_ns),
            std::max(now.monotonic_ns, latest.monotonic_ns)};
  }
};

// A use as its node lists it.
struct Use::Record {
  Capability capability;
  Observer observer;
  Record* previous = nullptr;
  Record* next = nullptr;
  std::atomic<bool> revoked = false;  // then it is in no list
};

// Lives while there is a reference: each Capability has one, each child one of its parent's.
class Node {
 public:
  static constexpr int64_t kNever = INT64_MAX;

  // Takes over a reference to `parent`, whose kind is `kind`. `bytes`: of memory, to be counted.
  Node(std::shared_ptr<Tree::State> state, Node* parent, Kind kind, Restriction restriction,
       size_t bytes);

  // Counts the node in its tree and puts it below its parent. kPermissionDenied,
  // kResourceExhausted. Under no lock; the node is not yet known to anyone.
  Status enter_tree();
  // Gives one reference back; with the last one the node ends, and each ancestor that it kept.
  static void release(Node* node);

  // --- under the lock
  size_t revoke_subtree();
  // Why `calls` and `bytes` more cannot be charged now; sets `refuser` to the node that refuses.
  std::optional<Reason> refusal(uint32_t calls, uint64_t bytes, const Now& now,
                                const Node*& refuser) const;
  void charge(uint32_t calls, uint64_t bytes, const Now& now);
  void add_use(Use::Record& use);
  void remove_use(Use::Record& use);

  // --- constant
  const std::shared_ptr<Tree::State> state;
  Node* const parent;  // holds a reference; null when minted
  const uint32_t depth;
  const Rights rights;       // those of the whole chain
  const int64_t expires_ns;  // the earliest of the chain
  const Kind kind;
  const std::optional<Scope> scope;
  const std::vector<std::shared_ptr<const Caveat>> caveats;
  const uint32_t max_descendants;
  const size_t bytes;

  // --- guarded by the lock
  NodeId id = 0;                   // constant once entered
  std::unique_ptr<Budget> budget;  // null: none
  uint32_t descendants = 0;
  Node* first_child = nullptr;
  Node* previous = nullptr;  // of the siblings
  Node* next = nullptr;
  Use::Record* first_use = nullptr;

  // Set under the lock. When a node is revoked, all below it are.
  std::atomic<bool> revoked = false;
  std::atomic<uint32_t> references = 1;
  std::atomic<bool> expiry_reported = false;

 private:
  Status check_room() const;
  void leave_tree();
  void tell_uses();
};

// A denial whose text is not yet made: that takes longer than the checks. Valid while a capability
// keeps the node alive.
struct Refusal {
  Reason reason = Reason::kNoCapability;
  const Node* node = nullptr;
  const Caveat* caveat = nullptr;
  int64_t retry_after_ns = 0;

  Denial denial(const Request& request) const;
};

}  // namespace cloche::cap
