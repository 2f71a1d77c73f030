// What the derivation tree means, written down as plainly as can be, and a machine that does the
// same random steps to it and to the real one. For the property test and the fuzz target.
#pragma once

#include <deque>
#include <vector>

#include "cap/test_support.h"

namespace cloche::cap {

inline constexpr const char* kModelNames[] = {"a", "b", "a/x", "a/y", "b/x", "a/x/z"};
inline constexpr uint32_t kModelNameCount = 6;

struct ModelPattern {
  const char* text;
  uint32_t names;  // the ones it matches, a bit each, in the order above
};
inline constexpr ModelPattern kModelPatterns[] = {
    {"**", 0b111111},   {"a/**", 0b101101}, {"*/x", 0b010100}, {"a/x", 0b000100},   {"*", 0b000011},
    {"**/z", 0b100000}, {"a/*", 0b001100},  {"a", 0b000001},   {"a/**/x", 0b000100}};

struct ModelNode {
  int parent = -1;
  uint32_t names = 0b111111;
  uint32_t rights = 31;
  uint64_t most_bytes = UINT64_MAX;  // a caveat
  int64_t expires = INT64_MAX;
  bool has_calls = false, has_bytes = false, has_rate = false;
  uint64_t calls = 0, bytes = 0;
  Rate rate;
  std::vector<int64_t> charged_at;
  bool revoked = false;
};

// One use by its rules: every node of the chain must agree.
class Model {
 public:
  std::vector<ModelNode> nodes;
  int64_t latest = 0;

  // What the budgets have no part in. `now`: as the caller says.
  bool fits(int last, uint32_t name, uint32_t right, uint64_t bytes, int64_t now) const {
    for (int i = last; i >= 0; i = nodes[static_cast<size_t>(i)].parent) {
      const ModelNode& n = nodes[static_cast<size_t>(i)];
      if (n.revoked || now >= n.expires || !(n.names >> name & 1) || !(n.rights & right)) {
        return false;
      }
      if (bytes > n.most_bytes) return false;
    }
    return true;
  }
  // The rest. `now`: the latest time seen.
  bool affords(int last, uint64_t bytes, int64_t now) const {
    for (int i = last; i >= 0; i = nodes[static_cast<size_t>(i)].parent) {
      const ModelNode& n = nodes[static_cast<size_t>(i)];
      if (now >= n.expires || (n.has_calls && n.calls == 0)) return false;
      if (n.has_bytes && n.bytes < bytes) return false;
      if (n.has_rate && calls_since(n, now - n.rate.per_ns) >= n.rate.calls) return false;
    }
    return true;
  }
  void charge(int last, uint64_t bytes, int64_t now) {
    for (int i = last; i >= 0; i = nodes[static_cast<size_t>(i)].parent) {
      ModelNode& n = nodes[static_cast<size_t>(i)];
      if (n.has_calls) --n.calls;
      if (n.has_bytes) n.bytes -= bytes;
      if (n.has_rate) n.charged_at.push_back(now);
    }
  }
  void revoke(int top) {
    for (size_t i = 0; i < nodes.size(); ++i) {
      for (int up = static_cast<int>(i); up >= 0; up = nodes[static_cast<size_t>(up)].parent) {
        if (up == top) nodes[i].revoked = true;
      }
    }
  }

 private:
  static uint64_t calls_since(const ModelNode& node, int64_t time) {
    uint64_t count = 0;
    for (const int64_t at : node.charged_at) count += at > time;
    return count;
  }
};

// Choose: uint32_t operator()(uint32_t below), any number below `below`.
template <class Choose>
class ModelMachine {
 public:
  static constexpr size_t kMaxNodes = 40;

  explicit ModelMachine(Choose choose) : choose_(std::move(choose)) {
    real_.push_back(tree_.mint(tools("**")).value());
    model_.nodes.emplace_back();
  }
  ~ModelMachine() {
    uses_.clear();
    real_.clear();
    CHECK(tree_.nodes() == 0 && tree_.bytes() == 0);
  }

  // What happened so far, so that a test can see that enough of everything did.
  struct Counts {
    uint64_t charged = 0, refused = 0, derived = 0, compared = 0, told = 0;
  };
  const Counts& counts() const { return counts_; }

  // One step of any kind; stops the process when the two disagree.
  void step() {
    now_ += choose_(20);
    const uint32_t kind = choose_(16);
    if (kind < 3) {
      derive();
    } else if (kind == 3 && choose_(6) == 0) {
      revoke();
    } else if (kind == 4 && !uses_.empty()) {
      end_use();
    } else if (kind == 5 && choose_(8) == 0) {
      real_[static_cast<size_t>(any_node())] = Capability();
    } else if (kind == 5) {
      check_attenuation();
    } else {
      charge();
    }
  }

 private:
  struct InFlight {
    std::optional<Use> use;
    int node = 0;
    int told = 0;
  };

  int any_node() { return static_cast<int>(choose_(static_cast<uint32_t>(real_.size()))); }
  const Capability& real(int node) const { return real_[static_cast<size_t>(node)]; }
  // A clock that jumps both ways; the model knows that the latest time counts.
  int64_t time() {
    const int64_t back = choose_(8) == 0 ? choose_(100) : 0;
    return now_ - back;
  }

  void derive() {
    if (real_.size() >= kMaxNodes) return;
    ModelNode node;
    node.parent = any_node();
    if (!real(node.parent)) return;
    Restriction restriction;
    if (choose_(3) == 0) {
      const ModelPattern& pattern = kModelPatterns[choose_(std::size(kModelPatterns))];
      restriction.scope = tools(pattern.text);
      node.names = pattern.names;
    }
    if (choose_(6) == 0) {
      restriction.drop = choose_(2) ? Right::kInvoke : Right::kRead;
      node.rights = restriction.drop == Right::kInvoke ? 30 : 29;
    }
    if (choose_(4) == 0) {
      node.most_bytes = choose_(20);
      restriction.caveats.push_back(std::make_shared<AtMost>(node.most_bytes));
    }
    if (choose_(5) == 0) restriction.expires_ns = node.expires = now_ + choose_(2000);
    if (choose_(3) == 0) {
      node.has_calls = true;
      restriction.budget.calls = node.calls = choose_(30);
    }
    if (choose_(4) == 0) {
      node.has_bytes = true;
      restriction.budget.bytes = node.bytes = choose_(200);
    }
    if (choose_(4) == 0) {
      node.has_rate = true;
      restriction.budget.rate = node.rate = Rate{choose_(5), 1 + choose_(100)};
    }
    auto child = real(node.parent).derive(std::move(restriction));
    CHECK(child.ok() == !model_.nodes[static_cast<size_t>(node.parent)].revoked);
    if (!child.ok()) return;
    ++counts_.derived;
    real_.push_back(std::move(child).value());
    model_.nodes.push_back(std::move(node));
  }

  Request any_request(uint32_t& name) {
    name = choose_(kModelNameCount);
    Request request = call(kModelNames[name], choose_(25));
    if (choose_(8) == 0) request.rights = Right::kRead;
    return request;
  }

  static uint32_t bits(const Request& request) { return request.rights == Right::kRead ? 2 : 1; }

  void charge() {
    const int node = any_node();
    if (!real(node)) return;
    uint32_t name = 0;
    const Request request = any_request(name);
    const int64_t now = time();
    bool expected = model_.fits(node, name, bits(request), request.bytes, now);
    if (expected) {
      model_.latest = std::max(model_.latest, now);
      expected = model_.affords(node, request.bytes, model_.latest);
    }
    InFlight& flight = uses_.emplace_back();
    flight.node = node;
    auto use = charge(real(node), request, {now, now},
                      {&flight, [](void* env) noexcept { ++static_cast<InFlight*>(env)->told; }});
    CHECK(use.ok() == expected);
    ++(use.ok() ? counts_.charged : counts_.refused);
    if (!use.ok()) {
      uses_.pop_back();
      return;
    }
    flight.use = std::move(use).value();
    model_.charge(node, request.bytes, model_.latest);
    check_budgets(node);
    if (uses_.size() > 30) end_use();
  }

  // At once, or in two steps.
  Result<Use, Denial> charge(const Capability& capability, const Request& request, const Now& now,
                             Observer observer) {
    if (choose_(2) == 0) {
      Space space;
      CHECK(space.install(capability).ok());
      auto selection = space.select(request, now);
      if (selection.ok()) return space.charge(std::move(*selection), now, observer);
    }
    return Use::charge(capability, request, now, observer);
  }

  void check_budgets(int node) const {
    std::optional<uint64_t> calls, bytes;
    for (int i = node; i >= 0; i = model_.nodes[static_cast<size_t>(i)].parent) {
      const ModelNode& n = model_.nodes[static_cast<size_t>(i)];
      if (n.has_calls) calls = std::min(n.calls, calls.value_or(UINT64_MAX));
      if (n.has_bytes) bytes = std::min(n.bytes, bytes.value_or(UINT64_MAX));
    }
    CHECK(real(node).calls_left() == calls);
    CHECK(real(node).bytes_left() == bytes);
  }

  // Nothing that a node may do is forbidden to any node above it.
  void check_attenuation() {
    const int node = any_node();
    if (!real(node)) return;
    uint32_t name = 0;
    const Request request = any_request(name);
    const Now now = {now_, now_};
    if (real(node).check(request, now)) return;
    ++counts_.compared;
    for (int i = node; i >= 0; i = model_.nodes[static_cast<size_t>(i)].parent) {
      if (real(i)) CHECK(!real(i).check(request, now));
    }
  }

  void revoke() {
    const int node = any_node();
    if (!real(node) || (node == 0 && choose_(10) != 0)) return;
    model_.revoke(node);
    real(node).revoke();
    for (const InFlight& flight : uses_) {
      const bool gone = model_.nodes[static_cast<size_t>(flight.node)].revoked;
      CHECK(flight.told == (gone ? 1 : 0));
      counts_.told += gone;
      CHECK(flight.use->revoked() == gone);
    }
  }

  void end_use() { uses_.pop_front(); }

  Choose choose_;
  Tree tree_;
  Model model_;
  std::vector<Capability> real_;  // as the nodes of the model
  std::deque<InFlight> uses_;
  int64_t now_ = 1000;
  Counts counts_;
};

}  // namespace cloche::cap
