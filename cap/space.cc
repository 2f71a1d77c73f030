#include "cap/space.h"

#include <algorithm>

#include "cap/node.h"

namespace cloche::cap {
namespace {

Error no_such_handle(Handle handle) {
  return make_error(Code::kNotFound, "there is no capability %u", handle);
}

Error not_transferable(Handle handle) {
  return make_error(Code::kPermissionDenied, "capability %u may not be handed on", handle);
}

// What Scope::first_segment() would say of the name alone.
std::string_view first_segment_of(const Request& request) {
  std::string_view name = request.name;
  if (request.kind == Kind::kTree && name.starts_with('/')) name.remove_prefix(1);
  return name.substr(0, name.find('/'));
}

using Handles = std::vector<Handle>;

void remove_from(Handles& handles, Handle handle) {
  const auto at = std::lower_bound(handles.begin(), handles.end(), handle);
  CHECK(at != handles.end() && *at == handle);
  handles.erase(at);
}

Handles merged(const Handles& a, const Handles& b) {
  Handles all(a.size() + b.size());
  std::merge(a.begin(), a.end(), b.begin(), b.end(), all.begin());
  return all;
}

// Keeps the refusal that is nearer to allowing the request, of equal ones the first.
void keep_nearer(Refusal& nearest, const Refusal& other) {
  if (other.reason > nearest.reason) nearest = other;
}

}  // namespace

Space::Handles& Space::listed_in(const Capability& capability) {
  const auto in = [](Index& index, std::string_view key) -> Handles& {
    const auto at = index.find(key);
    return at != index.end() ? at->second : index[std::string(key)];
  };
  if (!capability.only_name().empty()) return in(by_name_, capability.only_name());
  if (!capability.first_segment().empty()) return in(by_first_segment_, capability.first_segment());
  return others_;
}

Space::Handles Space::candidates(const Request& request) const {
  Handles all = others_;
  const auto add = [&all](const Index& index, std::string_view key) {
    const auto at = index.find(key);
    if (at != index.end()) all = merged(all, at->second);
  };
  add(by_name_, request.name);
  add(by_first_segment_, first_segment_of(request));
  return all;
}

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
  listed_in(capability).push_back(handle);
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
  Handles& handles = listed_in(capability);
  remove_from(handles, handle);
  if (handles.empty() && &handles != &others_) {
    if (by_name_.erase(std::string(capability.only_name())) == 0) {
      by_first_segment_.erase(std::string(capability.first_segment()));
    }
  }
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
  for (const Handle handle : candidates(request)) {
    Refusal refusal;
    auto use = Use::attempt(entries_.at(handle), request, now, observer, refusal);
    if (use) return *std::move(use);
    keep_nearer(nearest, refusal);
  }
  return nearest.denial(request);
}

std::optional<Denial> Space::check(const Request& request, const Now& now) const {
  Refusal nearest;
  for (const Handle handle : candidates(request)) {
    Refusal refusal;
    if (!entries_.at(handle).refuses(request, now, refusal)) return std::nullopt;
    keep_nearer(nearest, refusal);
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
