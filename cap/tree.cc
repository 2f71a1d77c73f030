#include "cap/tree.h"

#include "cap/node.h"

namespace cloche::cap {
namespace {

size_t memory_of(const Restriction& restriction) {
  size_t sum = sizeof(Node) + Budget::memory(restriction.budget);
  if (restriction.scope) sum += restriction.scope->bytes();
  for (const auto& caveat : restriction.caveats) sum += sizeof(caveat) + caveat->bytes();
  return sum;
}

bool limits_anything(const BudgetLimits& limits) {
  return limits.calls || limits.bytes || limits.rate;
}

Status check_restriction(const Restriction& restriction, Kind parent) {
  if (restriction.scope && restriction.scope->kind() != parent) {
    return make_error(Code::kInvalidArgument, "a scope of another kind than the capability's");
  }
  const auto& rate = restriction.budget.rate;
  if (rate && (rate->per_ns <= 0 || rate->calls > Rate::kMaxCalls)) {
    return make_error(Code::kInvalidArgument,
                      "a rate needs a period above zero and at most %u calls", Rate::kMaxCalls);
  }
  return ok_status();
}

Error exhausted(const char* what, uint64_t limit) {
  return make_error(Code::kResourceExhausted, "a capability more would exceed the limit of %llu %s",
                    static_cast<unsigned long long>(limit), what);
}

}  // namespace

Node::Node(std::shared_ptr<Tree::State> its_state, Node* its_parent, Kind its_kind,
           Restriction restriction, size_t its_bytes)
    : state(std::move(its_state)),
      parent(its_parent),
      depth(parent ? parent->depth + 1 : 1),
      rights((parent ? parent->rights : Rights::all()).without(restriction.drop)),
      expires_ns(
          std::min(parent ? parent->expires_ns : kNever, restriction.expires_ns.value_or(kNever))),
      kind(its_kind),
      scope(std::move(restriction.scope)),
      caveats(std::move(restriction.caveats)),
      max_descendants(restriction.max_descendants.value_or(UINT32_MAX)),
      bytes(its_bytes),
      budget(limits_anything(restriction.budget) ? std::make_unique<Budget>(restriction.budget)
                                                 : nullptr) {}

Status Node::enter_tree() {
  const std::lock_guard guard(state->lock);
  TRY(check_room());
  id = state->next_id++;
  ++state->nodes;
  state->bytes += bytes;
  for (Node* node = parent; node; node = node->parent) ++node->descendants;
  if (parent) {
    next = parent->first_child;
    if (next) next->previous = this;
    parent->first_child = this;
  }
  return ok_status();
}

Status Node::check_room() const {
  if (parent && parent->revoked) {
    return make_error(Code::kPermissionDenied, "the capability was revoked");
  }
  const TreeLimits& limits = state->limits;
  if (depth > limits.depth) return exhausted("nodes from the top down", limits.depth);
  if (state->nodes >= limits.nodes) return exhausted("nodes", limits.nodes);
  if (bytes > limits.bytes - state->bytes) return exhausted("bytes", limits.bytes);
  for (const Node* node = parent; node; node = node->parent) {
    if (node->descendants >= node->max_descendants) {
      return exhausted("descendants", node->max_descendants);
    }
  }
  return ok_status();
}

void Node::leave_tree() {
  if (id == 0) return;  // it did not get in
  --state->nodes;
  state->bytes -= bytes;
  for (Node* node = parent; node; node = node->parent) --node->descendants;
  if (next) next->previous = previous;
  if (previous) {
    previous->next = next;
  } else if (parent) {
    parent->first_child = next;
  }
}

void Node::release(Node* node) {
  while (node && node->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    // Nobody refers to it, so it has no children and no uses; only a revocation may still see it,
    // under the lock, and gives out no reference.
    {
      const std::lock_guard guard(node->state->lock);
      node->leave_tree();
    }
    Node* const parent = node->parent;
    delete node;
    node = parent;
  }
}

void Node::tell_uses() {
  while (Use::Record* use = first_use) {
    remove_use(*use);
    if (use->observer.revoked) use->observer.revoked(use->observer.env);
    use->revoked = true;  // last: who sees it may rely on the observer having run
  }
}

size_t Node::revoke_subtree() {
  size_t count = 0;
  for (Node* node = this;;) {
    const bool fresh = !node->revoked;
    if (fresh) {
      node->revoked = true;
      node->tell_uses();
      ++count;
    }
    if (fresh && node->first_child) {
      node = node->first_child;
      continue;
    }
    while (node != this && !node->next) node = node->parent;
    if (node == this) return count;
    node = node->next;
  }
}

std::optional<Reason> Node::refusal(uint32_t calls, uint64_t extra, const Now& now,
                                    const Node*& refuser) const {
  refuser = this;
  if (revoked) return Reason::kRevoked;
  if (now.realtime_ns >= expires_ns) return Reason::kExpired;
  for (const Node* node = this; node; node = node->parent) {
    if (!node->budget) continue;
    refuser = node;
    if (auto reason = node->budget->refusal(calls, extra, now.monotonic_ns)) return reason;
  }
  return std::nullopt;
}

void Node::charge(uint32_t calls, uint64_t extra, const Now& now) {
  for (Node* node = this; node; node = node->parent) {
    if (node->budget) node->budget->charge(calls, extra, now.monotonic_ns);
  }
}

void Node::add_use(Use::Record& use) {
  use.next = first_use;
  if (first_use) first_use->previous = &use;
  first_use = &use;
}

void Node::remove_use(Use::Record& use) {
  if (use.next) use.next->previous = use.previous;
  if (use.previous) {
    use.previous->next = use.next;
  } else {
    first_use = use.next;
  }
  use.previous = use.next = nullptr;
}

Tree::Tree(const TreeLimits& limits) : state_(std::make_shared<State>(limits)) {
  CHECK(limits.depth <= TreeLimits::kMaxDepth);
}

Tree::~Tree() = default;

Result<Capability> Tree::mint(Scope scope) {
  const Kind kind = scope.kind();
  Restriction restriction;
  restriction.scope = std::move(scope);
  const size_t bytes = memory_of(restriction);
  Capability minted(new Node(state_, nullptr, kind, std::move(restriction), bytes));
  TRY(minted.node_->enter_tree());
  return minted;
}

uint32_t Tree::nodes() const {
  const std::lock_guard guard(state_->lock);
  return state_->nodes;
}

size_t Tree::bytes() const {
  const std::lock_guard guard(state_->lock);
  return state_->bytes;
}

Capability::Capability(const Capability& other) : node_(other.node_) {
  if (node_) node_->references.fetch_add(1, std::memory_order_relaxed);
}

Capability::~Capability() { Node::release(node_); }

Result<Capability> Capability::derive(Restriction restriction) const {
  TRY(check_restriction(restriction, node_->kind));
  const size_t bytes = memory_of(restriction);
  node_->references.fetch_add(1, std::memory_order_relaxed);
  Capability child(new Node(node_->state, node_, node_->kind, std::move(restriction), bytes));
  TRY(child.node_->enter_tree());
  return child;
}

size_t Capability::revoke() const {
  const std::lock_guard guard(node_->state->lock);
  return node_->revoke_subtree();
}

bool Capability::revoked() const { return node_->revoked; }
NodeId Capability::id() const { return node_->id; }
Kind Capability::kind() const { return node_->kind; }
Rights Capability::rights() const { return node_->rights; }
uint32_t Capability::depth() const { return node_->depth; }

namespace {

std::vector<NodeId> ids_down_to(const Node* node) {
  std::vector<NodeId> ids;
  if (node) ids.reserve(node->depth);
  for (; node; node = node->parent) ids.push_back(node->id);
  std::reverse(ids.begin(), ids.end());
  return ids;
}

}  // namespace

std::vector<NodeId> Capability::chain() const { return ids_down_to(node_); }

std::vector<NodeId> Capability::report_expiry() const {
  if (node_->expires_ns == Node::kNever) return {};
  Node* ended = node_;
  while (ended->parent && ended->parent->expires_ns == node_->expires_ns) ended = ended->parent;
  if (ended->expiry_reported.exchange(true)) return {};
  return ids_down_to(ended);
}

std::optional<int64_t> Capability::expires_ns() const {
  if (node_->expires_ns == Node::kNever) return std::nullopt;
  return node_->expires_ns;
}

namespace {

// The least that `left` gives along the chain.
template <class Left>
std::optional<uint64_t> least(const Node* node, Left left) {
  const std::lock_guard guard(node->state->lock);
  std::optional<uint64_t> result;
  for (; node; node = node->parent) {
    if (!node->budget) continue;
    const std::optional<uint64_t>& value = left(*node->budget);
    if (value) result = std::min(*value, result.value_or(UINT64_MAX));
  }
  return result;
}

// The first that is not empty of what `part` gives, from the node upwards.
template <class Part>
std::string_view first_named(const Node* node, Part part) {
  for (; node; node = node->parent) {
    const std::string_view found = node->scope ? part(*node->scope) : std::string_view();
    if (!found.empty()) return found;
  }
  return {};
}

}  // namespace

std::optional<uint64_t> Capability::calls_left() const {
  return least(node_, [](const Budget& b) -> const auto& { return b.calls_left(); });
}

std::optional<uint64_t> Capability::bytes_left() const {
  return least(node_, [](const Budget& b) -> const auto& { return b.bytes_left(); });
}

std::string_view Capability::only_name() const {
  return first_named(node_, [](const Scope& scope) { return scope.only_name(); });
}

std::string_view Capability::first_segment() const {
  return first_named(node_, [](const Scope& scope) { return scope.first_segment(); });
}

std::vector<const Demand*> Capability::demands() const {
  std::vector<const Demand*> all;
  for (const Node* node = node_; node; node = node->parent) {
    for (const auto& caveat : node->caveats) {
      for (const Demand& demand : caveat->demands()) all.push_back(&demand);
    }
  }
  return all;
}

std::vector<std::string> Capability::describe() const {
  std::vector<std::string> lines;
  for (const Node* node = node_; node; node = node->parent) {
    for (const auto& caveat : node->caveats) lines.push_back(caveat->describe());
    if (node->scope) lines.push_back(node->scope->text());
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

}  // namespace cloche::cap
