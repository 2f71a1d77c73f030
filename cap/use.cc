// Checking and charging of a use.
#include "base/printable.h"
#include "cap/node.h"

namespace cloche::cap {
namespace {

constexpr size_t kShownNameBytes = 80;

bool scopes_match(const Node& last, const Request& request) {
  for (const Node* node = &last; node; node = node->parent) {
    if (node->scope && !node->scope->matches(request.kind, request.name)) return false;
  }
  return true;
}

// What does not depend on budgets. Without the lock: refusal() of the node looks again at what can
// change, its being revoked and the latest time.
std::optional<Refusal> judge(const Node& last, const Request& request, const Now& now) {
  if (!scopes_match(last, request)) return Refusal{Reason::kScope, &last};
  if (last.revoked) return Refusal{Reason::kRevoked, &last};
  if (now.realtime_ns >= last.expires_ns) return Refusal{Reason::kExpired, &last};
  if (!last.rights.contains(request.rights)) return Refusal{Reason::kRights, &last};
  for (const Node* node = &last; node; node = node->parent) {
    for (const auto& caveat : node->caveats) {
      if (!caveat->allows(request)) return Refusal{Reason::kCaveat, node, caveat.get()};
    }
  }
  return std::nullopt;
}

// Under the lock.
std::optional<Refusal> refusal_of(const Node& last, uint32_t calls, uint64_t bytes,
                                  const Now& now) {
  const Node* refuser = nullptr;
  const auto reason = last.refusal(calls, bytes, now, refuser);
  if (!reason) return std::nullopt;
  Refusal refusal{*reason, refuser};
  if (*reason == Reason::kRate) {
    refusal.retry_after_ns = refuser->budget->rate_wait(now.monotonic_ns);
  }
  return refusal;
}

std::string scope_texts(const Node* node) {
  std::string text;
  for (; node; node = node->parent) {
    if (!node->scope) continue;
    if (!text.empty()) text.insert(0, ", ");
    text.insert(0, node->scope->text());
  }
  return printable(text);
}

std::string text_of(const Refusal& refusal, const Request& request) {
  switch (refusal.reason) {
    case Reason::kNoCapability:
      return "no capability for " + printable(request.name.substr(0, kShownNameBytes));
    case Reason::kScope:
      return printable(request.name.substr(0, kShownNameBytes)) + " is not among " +
             scope_texts(refusal.node);
    case Reason::kRevoked:
      return "the capability was revoked";
    case Reason::kExpired:
      return "the capability has expired";
    case Reason::kRights:
      return "the capability lacks a right that this needs";
    case Reason::kCaveat:
      return refusal.caveat->explain(request);
    case Reason::kCalls:
      return "the number of calls granted is used up";
    case Reason::kBytes:
      return "the number of bytes granted is used up";
    case Reason::kRate:
      return "too many calls in a short time; the next may be made in " +
             std::to_string((refusal.retry_after_ns + 999'999) / 1'000'000) + " ms";
  }
  return {};
}

}  // namespace

Denial Refusal::denial(const Request& request) const {
  return {reason, node ? node->id : 0, text_of(*this, request), retry_after_ns};
}

bool Capability::refuses(const Request& request, const Now& now, Refusal& refusal) const {
  std::optional<Refusal> found = judge(*node_, request, now);
  if (!found) {
    const std::lock_guard guard(node_->state->lock);
    found = refusal_of(*node_, 1, request.bytes, node_->state->no_earlier(now));
  }
  if (found) refusal = *found;
  return found.has_value();
}

std::optional<Denial> Capability::check(const Request& request, const Now& now) const {
  Refusal refusal;
  if (!refuses(request, now, refusal)) return std::nullopt;
  return refusal.denial(request);
}

std::optional<Use> Use::attempt(const Capability& capability, const Request& request,
                                const Now& now, Observer observer, Refusal& refusal) {
  const std::optional<Refusal> found = judge(*capability.node_, request, now);
  if (!found) return enter(capability, request.bytes, now, observer, refusal);
  refusal = *found;
  return std::nullopt;
}

std::optional<Use> Use::enter(const Capability& capability, uint64_t bytes, const Now& now,
                              Observer observer, Refusal& refusal) {
  Node& node = *capability.node_;
  auto record = std::make_unique<Record>();
  record->capability = capability;
  record->observer = observer;
  std::unique_lock guard(node.state->lock);
  const Now latest = node.state->latest = node.state->no_earlier(now);
  if (const auto found = refusal_of(node, 1, bytes, latest)) {
    refusal = *found;
    return std::nullopt;
  }
  node.charge(1, bytes, latest);
  node.add_use(*record);
  guard.unlock();
  return Use(std::move(record));
}

Result<Use, Denial> Use::charge(const Capability& capability, const Request& request,
                                const Now& now, Observer observer) {
  Refusal refusal;
  if (auto use = attempt(capability, request, now, observer, refusal)) return *std::move(use);
  return refusal.denial(request);
}

Use::Use(std::unique_ptr<Record> record) : record_(std::move(record)) {}

Use::Use(Use&& other) noexcept = default;

Use::~Use() {
  if (!record_) return;
  Node& node = *record_->capability.node_;
  const std::lock_guard guard(node.state->lock);
  if (!record_->revoked) node.remove_use(*record_);
}

Result<Unit, Denial> Use::charge_bytes(uint64_t bytes, const Now& now) {
  Node& node = *record_->capability.node_;
  std::unique_lock guard(node.state->lock);
  const Now latest = node.state->latest = node.state->no_earlier(now);
  const auto refusal = refusal_of(node, 0, bytes, latest);
  if (!refusal) node.charge(0, bytes, latest);
  guard.unlock();
  if (refusal) return refusal->denial({});
  return Unit{};
}

bool Use::revoked() const { return record_->revoked; }
const Capability& Use::capability() const { return record_->capability; }

}  // namespace cloche::cap
