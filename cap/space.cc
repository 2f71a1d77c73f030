#include "cap/space.h"

#include "cap/node.h"

namespace cloche::cap {
namespace {

Error no_such_handle(Handle handle) {
  return make_error(Code::kNotFound, "there is no capability %u", handle);
}

Error not_transferable(Handle handle) {
  return make_error(Code::kPermissionDenied, "capability %u may not be handed on", handle);
}

Names names_of(const Capability& capability) {
  return {capability.only_name(), capability.first_segment()};
}

// As of a capability for that name alone.
Names names_of(const Request& request) {
  std::string_view first = request.name;
  if (request.kind == Kind::kTree && first.starts_with('/')) first.remove_prefix(1);
  return {request.name, first.substr(0, first.find('/'))};
}

// Keeps the refusal that is nearer to allowing the request, of equal ones the first.
void keep_nearer(Refusal& nearest, const Refusal& other) {
  if (other.reason > nearest.reason) nearest = other;
}

}  // namespace

Status Space::check_room(size_t count) const {
  if (count > limit_ - entries_.size() || count > UINT32_MAX - last_) {
    return make_error(Code::kResourceExhausted, "the process holds %u capabilities at most",
                      limit_);
  }
  return ok_status();
}

Result<Handle> Space::install(Capability capability) {
  CHECK(capability);
  TRY(check_room(1));
  const Handle handle = ++last_;
  index_.add(handle, names_of(capability), capability.demands());
  changed();
  entries_.emplace(handle, std::move(capability));
  return handle;
}

Result<Capability> Space::get(Handle handle) const {
  const auto at = entries_.find(handle);
  if (at == entries_.end()) return no_such_handle(handle);
  return at->second;
}

Result<Handle> Space::duplicate(Handle handle) { return install(TRY(get(handle))); }

Result<Handle> Space::derive(Handle handle, Restriction restriction) {
  const Capability parent = TRY(get(handle));
  TRY(check_room(1));
  return install(TRY(parent.derive(std::move(restriction))));
}

Status Space::drop(Handle handle) {
  const Capability capability = TRY(get(handle));
  index_.remove(handle, names_of(capability));
  changed();
  entries_.erase(handle);
  return ok_status();
}

Result<size_t> Space::revoke(Handle handle) { return TRY(get(handle)).revoke(); }

Result<Handle> Space::transfer(Handle handle, Space& to) {
  Capability capability = TRY(get(handle));
  if (&to == this) return make_error(Code::kInvalidArgument, "a transfer to the same process");
  if (!capability.rights().contains(Right::kTransfer)) return not_transferable(handle);
  const Handle moved = TRY(to.install(std::move(capability)));
  CHECK(drop(handle).ok());
  return moved;
}

Result<std::vector<Handle>> Space::delegate(std::vector<Delegation> delegations, Space& to) {
  TRY(to.check_room(delegations.size()));
  std::vector<Capability> given;
  given.reserve(delegations.size());
  for (Delegation& delegation : delegations) {
    const Capability parent = TRY(get(delegation.handle));
    if (!parent.rights().contains(Right::kTransfer)) return not_transferable(delegation.handle);
    given.push_back(TRY(parent.derive(std::move(delegation.restriction))));
  }
  std::vector<Handle> handles;
  for (Capability& capability : given) {
    auto handle = to.install(std::move(capability));
    CHECK(handle.ok());
    handles.push_back(*handle);
  }
  return handles;
}

Result<Use, Denial> Space::charge(const Request& request, const Now& now, Observer observer) {
  Refusal nearest;
  for (const Handle handle : index_.that_may_allow(names_of(request), request.parameters)) {
    Refusal refusal;
    auto use = Use::attempt(entries_.at(handle), request, now, observer, refusal);
    if (use) return *std::move(use);
    keep_nearer(nearest, refusal);
  }
  return denial(request, now, nearest);
}

Result<Selection, Denial> Space::select(const Request& request, const Now& now) const {
  Refusal nearest;
  for (const Handle handle : index_.that_may_allow(names_of(request), request.parameters)) {
    Refusal refusal;
    const Capability& capability = entries_.at(handle);
    if (!capability.refuses(request, now, refusal))
      return Selection(request, capability, contents_);
    keep_nearer(nearest, refusal);
  }
  return denial(request, now, nearest);
}

std::optional<Denial> Space::check(const Request& request, const Now& now) const {
  auto selection = select(request, now);
  return selection.ok() ? std::nullopt : std::optional(std::move(selection).error());
}

Result<Use, Denial> Space::charge(Selection selection, const Now& now, Observer observer) {
  if (selection.space_ == contents_) {
    Refusal refusal;
    auto use = Use::enter(selection.capability_, selection.request_.bytes, now, observer, refusal);
    if (use) return *std::move(use);
  }
  return charge(selection.request_, now, observer);
}

// `nearest`: of the refusals of those that might have allowed it. Each of the others has a caveat
// that refuses, so its refusal is kCaveat or an earlier one: the first kCaveat ends the search.
Denial Space::denial(const Request& request, const Now& now, Refusal nearest) const {
  if (nearest.reason > Reason::kCaveat) return nearest.denial(request);
  nearest = Refusal();
  for (const Handle handle : index_.about(names_of(request))) {
    Refusal refusal;
    entries_.at(handle).refuses(request, now, refusal);
    keep_nearer(nearest, refusal);
    if (nearest.reason == Reason::kCaveat) break;
  }
  return nearest.denial(request);
}

std::vector<Handle> Space::handles() const {
  std::vector<Handle> all;
  all.reserve(entries_.size());
  for (const auto& entry : entries_) all.push_back(entry.first);
  return all;
}

}  // namespace cloche::cap
