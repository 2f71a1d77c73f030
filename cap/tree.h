// The derivation tree of capabilities: who may do what, by whom it was granted, and what is left.
//
// A node is its parent AND a restriction: fewer rights, a narrower scope, more caveats, budgets of
// its own, an earlier expiry. Restriction has no field that could widen anything, and there is no
// other way to a node than derive() and, for whoever owns the Tree, mint(). So each use that a node
// allows its parent allows too; nothing needs to be proved about two caveats.
//
// A use is charged to the node and to all above it, in one step, before it happens: either every
// budget of the chain pays or none does, and nothing is paid back.
//
// Threads. A sandbox runs on one worker, but a tree spans sandboxes: those that a sandbox started
// hold nodes below its own. One lock for each tree guards all that changes (links, revoked flags,
// budgets, uses): charging is all or nothing over a chain of counters, which no lock-free step does
// without refunds, and a refund could be seen by others. What the lock covers is short and
// bounded: a walk up the chain, arithmetic, no allocation, no caveat. Caveats and scopes never
// change; they are judged before, without it. Every step under the lock is one transition of the
// whole tree (mint, derive, charge, revoke, drop), so the steps have one order.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cap/budget.h"
#include "cap/caveat.h"
#include "cap/denial.h"
#include "cap/rights.h"
#include "cap/scope.h"

namespace cloche::cap {

// The time of a use. The tree remembers the latest of each clock that it saw and goes by that: a
// clock that is set back brings nothing back to life.
struct Now {
  int64_t realtime_ns = 0;   // since 1970-01-01 UTC, for expiry
  int64_t monotonic_ns = 0;  // for rates
};

// What a derived capability lacks of its parent. Every field can only take away; the default takes
// nothing.
struct Restriction {
  Rights drop;                                         // rights that it does not have
  std::optional<Scope> scope;                          // names must match this as well
  std::vector<std::shared_ptr<const Caveat>> caveats;  // none is null
  BudgetLimits budget;                                 // on top of those above it
  std::optional<int64_t> expires_ns;                   // realtime; the earliest of the chain counts
  std::optional<uint32_t> max_descendants;             // nodes alive below it, at any depth
};

// Bounds of a tree: reached, derive() gives kResourceExhausted.
struct TreeLimits {
  static constexpr uint32_t kMaxDepth = 1024;
  uint32_t depth = 64;               // nodes from a minted one down, itself counted
  uint32_t nodes = 65'536;           // alive
  size_t bytes = size_t{256} << 20;  // memory of all nodes, as they say themselves
};

// Who must hear of a revocation. `revoked` runs at most once, in the thread that revokes and while
// the tree's lock is held: it must be short, take no lock under which a tree is called, and call
// no function of this header. Typically it sets a flag and wakes the owner of the call.
struct Observer {
  void* env = nullptr;
  void (*revoked)(void* env) noexcept = nullptr;
};

class Node;
struct Refusal;

// A reference to a node. Copies name the same node. Safe to copy, move, use and drop in any thread,
// each object in one thread at a time. Outlives its Tree.
class Capability {
 public:
  Capability() = default;  // holds nothing; may only be assigned to, asked or destroyed
  Capability(const Capability& other);
  Capability(Capability&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  Capability& operator=(Capability other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~Capability();
  explicit operator bool() const { return node_ != nullptr; }
  friend bool operator==(const Capability& a, const Capability& b) = default;

  // A child of this node. kResourceExhausted: a bound of the tree or of an ancestor
  // (max_descendants); kPermissionDenied: it is revoked; kInvalidArgument: a rate without a period
  // or beyond Rate::kMaxCalls, or a scope of another kind than the parent's. A failed call changes
  // nothing. Linear in the depth.
  Result<Capability> derive(Restriction restriction) const;

  // Revokes the node and all below it, whoever holds them: when this returns, no use of them can be
  // charged, and each use that was under way has been told once. Returns how many nodes were
  // revoked by this call; 0 when it was revoked already. Linear in the size of the subtree.
  size_t revoke() const;
  bool revoked() const;

  // Whether the request would be allowed, were it charged now. Changes nothing.
  std::optional<Denial> check(const Request& request, const Now& now) const;

  NodeId id() const;
  // The ids from the minted node down to this one.
  std::vector<NodeId> chain() const;
  Kind kind() const;
  Rights rights() const;
  // When it ends, in realtime ns, by its own or an ancestor's expiry: also the deadline of a call
  // in flight, which the one who makes the call must keep.
  std::optional<int64_t> expires_ns() const;
  // For whoever saw it expire: the ids down to the node whose expiry ended it. Once for each node:
  // empty when that one was reported before, or never expires.
  std::vector<NodeId> report_expiry() const;
  // The least that is left along the chain; nothing: without limit.
  std::optional<uint64_t> calls_left() const;
  std::optional<uint64_t> bytes_left() const;
  uint32_t depth() const;
  // The scopes and caveats of the chain, from the top down, in words.
  std::vector<std::string> describe() const;
  // The narrowest scopes along the chain, for an index: see Scope. Empty: any. They live as long as
  // the capability.
  std::string_view only_name() const;
  std::string_view first_segment() const;
  // Of all caveats of the chain; they live as long as the capability.
  std::vector<const Demand*> demands() const;

 private:
  friend class Space;
  friend class Tree;
  friend class Use;
  bool refuses(const Request& request, const Now& now, Refusal& refusal) const;
  explicit Capability(Node* node) : node_(node) {}  // takes over one reference
  Node* node_ = nullptr;
};

// A use that is under way: a call in flight or an open descriptor. Ends when destroyed. It keeps
// its capability's node alive. One thread at a time.
class Use {
 public:
  // Checks the request and charges the whole chain; the use is then registered with the node, in
  // the same step. On a denial nothing is charged. Order of the checks: see Reason.
  static Result<Use, Denial> charge(const Capability& capability, const Request& request,
                                    const Now& now, Observer observer);

  Use(Use&& other) noexcept;
  Use& operator=(Use other) noexcept {
    std::swap(record_, other.record_);
    return *this;
  }
  ~Use();

  // Charges `bytes` more of what passes over it, such as a result or a file's content: the whole
  // chain or nothing. Denied once it is revoked or expired.
  Result<Unit, Denial> charge_bytes(uint64_t bytes, const Now& now);
  // Whether it was revoked; then its observer has been told. Once the use is destroyed the
  // observer will not run again.
  bool revoked() const;
  const Capability& capability() const;

 private:
  friend class Node;
  friend class Space;
  struct Record;
  static std::optional<Use> attempt(const Capability& capability, const Request& request,
                                    const Now& now, Observer observer, Refusal& refusal);
  // The second half of attempt(), for a request whose caveats were judged: all that can change.
  static std::optional<Use> enter(const Capability& capability, uint64_t bytes, const Now& now,
                                  Observer observer, Refusal& refusal);
  explicit Use(std::unique_ptr<Record> record);
  std::unique_ptr<Record> record_;
};

// Whoever owns a Tree can mint capabilities: it is the host's, and no sandbox sees one.
class Tree {
 public:
  explicit Tree(const TreeLimits& limits = {});
  ~Tree();
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  // A capability without a parent: all rights over all names of the scope. kResourceExhausted.
  Result<Capability> mint(Scope scope);
  uint32_t nodes() const;  // alive
  size_t bytes() const;    // of memory, as the nodes say themselves

 private:
  friend class Node;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace cloche::cap
