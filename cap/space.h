// The capabilities that one process holds, by handle.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "cap/index/index.h"
#include "cap/tree.h"

namespace cloche::cap {

// Grows by one with each capability that a space takes in and is never used twice there, so a
// handle that was kept too long names nothing. 0 is none.
using Handle = uint32_t;

// What a child is given: the capability of `handle` and the restriction on it.
struct Delegation {
  Handle handle = 0;
  Restriction restriction;
};

// What Space::select() found: a request, and the first capability that allows it, its caveats
// judged. What the request refers to must stay, unchanged, as long as the selection does. Good for
// one use.
class Selection {
 public:
  Selection(Selection&&) = default;
  Selection& operator=(Selection&&) = default;

 private:
  friend class Space;
  struct Contents {};  // one of each state that any space ever is in
  Selection(const Request& request, Capability capability, std::shared_ptr<const Contents> space)
      : request_(request), capability_(std::move(capability)), space_(std::move(space)) {}

  Request request_;
  Capability capability_;
  std::shared_ptr<const Contents> space_;
};

// A new space is empty, and nothing enters it but what is named: there is no copy of a space.
// Belongs to one thread at a time, as all of a sandbox does. Errors that any call with a handle
// gives: kNotFound.
class Space {
 public:
  static constexpr uint32_t kDefaultLimit = 4096;
  explicit Space(uint32_t limit = kDefaultLimit) : limit_(limit) {}
  Space(const Space&) = delete;
  Space& operator=(const Space&) = delete;

  // kResourceExhausted: `limit` capabilities are held, or all handles were used.
  Result<Handle> install(Capability capability);
  Result<Capability> get(Handle handle) const;
  // A second handle to the same node.
  Result<Handle> duplicate(Handle handle);
  // Derives in this space; `handle` stays.
  Result<Handle> derive(Handle handle, Restriction restriction);
  // Forgets the handle. What was derived from it lives on.
  Status drop(Handle handle);
  // Revokes the node and all that was derived from it; the handle stays, and names it.
  Result<size_t> revoke(Handle handle);
  // Moves the capability to another space: `handle` names nothing afterwards. kPermissionDenied
  // without Right::kTransfer; kInvalidArgument when `to` is this space.
  Result<Handle> transfer(Handle handle, Space& to);
  // Gives `to` a capability derived from each one named, in that order, and the new handles. This
  // space keeps its own, and by them can revoke what it gave. All or nothing. kPermissionDenied
  // without Right::kTransfer, and as Capability::derive().
  Result<std::vector<Handle>> delegate(std::vector<Delegation> delegations, Space& to);

  // Charges the first capability, in the order of handles, that allows the request, budgets
  // included. A denial is that of the capability that came nearest to allowing it: the one whose
  // refusal stands last in Reason, of several the first. A capability that names something else
  // costs nothing, one whose demands the parameters do not meet a comparison at most (cap/index).
  Result<Use, Denial> charge(const Request& request, const Now& now, Observer observer);
  // The same question, nothing charged.
  std::optional<Denial> check(const Request& request, const Now& now) const;
  // The same in two steps, for whoever must look at something else in between. The first charges
  // nothing. The second judges again whatever may have changed since: revocation, expiry, budgets;
  // if the capability does not allow the request any more, the others are asked as by the first
  // charge(). A selection of another space, or of this one before it took in or gave away a
  // capability, is not believed: everything is judged again.
  Result<Selection, Denial> select(const Request& request, const Now& now) const;
  Result<Use, Denial> charge(Selection selection, const Now& now, Observer observer);

  uint32_t size() const { return static_cast<uint32_t>(entries_.size()); }
  std::vector<Handle> handles() const;  // ascending

 private:
  Denial denial(const Request& request, const Now& now, Refusal nearest) const;
  Status check_room(size_t count) const;
  void changed() { contents_ = std::make_shared<const Selection::Contents>(); }

  const uint32_t limit_;
  Handle last_ = 0;
  std::map<Handle, Capability> entries_;
  Index index_;  // by handles
  std::shared_ptr<const Selection::Contents> contents_ =
      std::make_shared<const Selection::Contents>();
};

}  // namespace cloche::cap
