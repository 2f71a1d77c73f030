#include "cap/tree.h"

#include <gtest/gtest.h>

#include "cap/test_support.h"

namespace cloche::cap {
namespace {

constexpr Now kNow = {1'000'000'000'000, 1'000'000'000'000};

Now later(int64_t ns) { return {kNow.realtime_ns + ns, kNow.monotonic_ns + ns}; }

// Why it is denied; a reason that no check gives when it is not.
Denial denial(const Capability& capability, const Request& request, Now now = kNow) {
  return capability.check(request, now).value_or(Denial());
}

class TreeTest : public testing::Test {
 protected:
  // What became of a call: "" when it was charged (the use ends at once), else the reason.
  static std::string outcome(const Capability& capability, const Request& request, Now now = kNow) {
    auto use = Use::charge(capability, request, now, {});
    return use.ok() ? "" : reason_name(use.error().reason);
  }

  Tree tree_;
  Capability root_ = tree_.mint(tools("**")).value();
};

TEST_F(TreeTest, AMintedCapabilityHasAllRightsOverItsScope) {
  EXPECT_EQ(root_.rights(), Rights::all());
  EXPECT_EQ(outcome(root_, call("a/b")), "");
  EXPECT_EQ(outcome(tree_.mint(tools("a/*")).value(), call("b")), "scope");
  EXPECT_EQ(root_.depth(), 1u);
}

TEST_F(TreeTest, TheDefaultRestrictionTakesNothing) {
  const Capability child = root_.derive({}).value();
  EXPECT_EQ(outcome(child, call("a")), "");
  EXPECT_EQ(child.rights(), root_.rights());
  EXPECT_EQ(child.chain(), (std::vector<NodeId>{root_.id(), child.id()}));
}

TEST_F(TreeTest, ScopesAddUp) {
  const Capability a = root_.derive(with_scope("a/**")).value();
  const Capability wide = a.derive(with_scope("**")).value();
  EXPECT_EQ(outcome(wide, call("a/b")), "");
  EXPECT_EQ(outcome(wide, call("b")), "scope");
  const Capability other = a.derive(with_scope("b")).value();
  EXPECT_EQ(outcome(other, call("b")), "scope");
  EXPECT_EQ(outcome(other, call("a/b")), "scope");
}

TEST_F(TreeTest, AScopeOfAnotherKindIsAnError) {
  Restriction restriction;
  restriction.scope = Scope::tree("/").value();
  EXPECT_EQ(root_.derive(std::move(restriction)).error().code, Code::kInvalidArgument);
}

TEST_F(TreeTest, DroppedRightsStayDropped) {
  Restriction restriction;
  restriction.drop = Right::kInvoke;
  const Capability child = root_.derive(restriction).value();
  const Capability grandchild = child.derive({}).value();
  EXPECT_EQ(outcome(child, call("a")), "rights");
  EXPECT_EQ(outcome(grandchild, call("a")), "rights");
  EXPECT_TRUE(grandchild.rights().contains(Right::kTransfer));
  EXPECT_EQ(outcome(root_, call("a")), "");
}

TEST_F(TreeTest, CaveatsOfTheWholeChainCount) {
  const Capability tight = root_.derive(with_caveat(10)).value();
  const Capability loose = tight.derive(with_caveat(1000)).value();
  EXPECT_EQ(outcome(loose, call("a", 10)), "");
  const Denial denied = denial(loose, call("a", 11));
  EXPECT_EQ(denied.reason, Reason::kCaveat);
  EXPECT_EQ(denied.text, "bytes must be up to 10, is 11");
  EXPECT_EQ(denied.node, tight.id());
}

TEST_F(TreeTest, TheEarliestExpiryCounts) {
  Restriction early, late;
  early.expires_ns = kNow.realtime_ns + 100;
  late.expires_ns = kNow.realtime_ns + 1000;
  const Capability child = root_.derive(early).value().derive(late).value();
  EXPECT_EQ(child.expires_ns(), kNow.realtime_ns + 100);
  EXPECT_EQ(outcome(child, call("a"), later(99)), "");
  EXPECT_EQ(outcome(child, call("a"), later(100)), "expired");
}

TEST_F(TreeTest, AnExpiryIsReportedOnceAndOfTheNodeWhoseItIs) {
  Restriction early, late;
  early.expires_ns = kNow.realtime_ns + 100;
  late.expires_ns = kNow.realtime_ns + 1000;
  EXPECT_TRUE(root_.report_expiry().empty());  // it never expires
  const Capability ends = root_.derive(early).value();
  const Capability below = ends.derive(late).value(), sibling = ends.derive({}).value();
  EXPECT_EQ(below.report_expiry(), ends.chain());
  for (const Capability& again : {below, sibling, ends}) EXPECT_TRUE(again.report_expiry().empty());
  const Capability other = root_.derive(late).value(), earlier = other.derive(early).value();
  EXPECT_EQ(earlier.report_expiry(), earlier.chain());
  EXPECT_EQ(other.report_expiry(), other.chain());
}

TEST_F(TreeTest, AClockSetBackBringsNothingBack) {
  Restriction restriction;
  restriction.expires_ns = kNow.realtime_ns + 100;
  const Capability child = root_.derive(restriction).value();
  EXPECT_EQ(outcome(root_, call("a"), later(5000)), "");
  EXPECT_EQ(outcome(child, call("a")), "expired");
  EXPECT_EQ(denial(child, call("a")).reason, Reason::kExpired);
}

TEST_F(TreeTest, ChargesTheWholeChainOrNothing) {
  const Capability parent = root_.derive(with_calls(3)).value();
  const Capability a = parent.derive(with_calls(2)).value();
  const Capability b = parent.derive(with_calls(100)).value();
  EXPECT_EQ(b.calls_left(), 3u);
  EXPECT_EQ(outcome(a, call("x")), "");
  EXPECT_EQ(outcome(a, call("x")), "");
  EXPECT_EQ(outcome(a, call("x")), "calls");
  EXPECT_EQ(parent.calls_left(), 1u);
  EXPECT_EQ(outcome(b, call("x")), "");
  EXPECT_EQ(outcome(b, call("x")), "calls");
  EXPECT_EQ(parent.calls_left(), 0u);
  // The call that the parent refused was not charged below it.
  EXPECT_EQ(outcome(root_.derive(with_calls(0)).value(), call("x")), "calls");
  EXPECT_EQ(root_.calls_left(), std::nullopt);
}

TEST_F(TreeTest, ARefusedCallChargesNobody) {
  const Capability parent = root_.derive(with_calls(0)).value();
  Restriction own = with_calls(5);
  own.budget.bytes = 50;
  const Capability child = parent.derive(own).value();
  EXPECT_EQ(outcome(child, call("x", 10)), "calls");
  EXPECT_EQ(child.bytes_left(), 50u);
  EXPECT_EQ(outcome(child, call("x", 51)), "bytes");
}

TEST_F(TreeTest, BytesAreChargedBeforeAndDuringAUse) {
  Restriction restriction;
  restriction.budget.bytes = 100;
  const Capability child = root_.derive(restriction).value();
  EXPECT_EQ(outcome(child, call("x", 101)), "bytes");
  auto use = Use::charge(child, call("x", 40), kNow, {});
  ASSERT_TRUE(use.ok());
  EXPECT_TRUE(use->charge_bytes(60, kNow).ok());
  EXPECT_EQ(use->charge_bytes(1, kNow).error().reason, Reason::kBytes);
  EXPECT_TRUE(use->charge_bytes(0, kNow).ok());
  EXPECT_EQ(child.bytes_left(), 0u);
}

TEST_F(TreeTest, BytesCannotOverflow) {
  Restriction restriction;
  restriction.budget.bytes = UINT64_MAX - 1;
  const Capability child = root_.derive(restriction).value();
  EXPECT_EQ(outcome(child, call("x", UINT64_MAX)), "bytes");
  EXPECT_EQ(outcome(child, call("x", UINT64_MAX - 1)), "");
  EXPECT_EQ(outcome(child, call("x", 1)), "bytes");
}

TEST_F(TreeTest, ARateHoldsInEveryPeriod) {
  Restriction restriction;
  restriction.budget.rate = Rate{2, 100};
  const Capability child = root_.derive(restriction).value();
  EXPECT_EQ(outcome(child, call("x"), later(0)), "");
  EXPECT_EQ(outcome(child, call("x"), later(90)), "");
  const Denial denied = denial(child, call("x"), later(99));
  EXPECT_EQ(denied.reason, Reason::kRate);
  EXPECT_EQ(denied.retry_after_ns, 1);
  EXPECT_EQ(outcome(child, call("x"), later(99)), "rate");
  EXPECT_EQ(outcome(child, call("x"), later(100)), "");
  EXPECT_EQ(outcome(child, call("x"), later(189)), "rate");
  EXPECT_EQ(outcome(child, call("x"), later(190)), "");
  EXPECT_EQ(outcome(child, call("x"), later(0)), "rate");
}

TEST_F(TreeTest, RefusesRatesThatAreNone) {
  for (const Rate rate : {Rate{1, 0}, Rate{1, -1}, Rate{Rate::kMaxCalls + 1, 100}}) {
    Restriction restriction;
    restriction.budget.rate = rate;
    EXPECT_EQ(root_.derive(restriction).error().code, Code::kInvalidArgument);
  }
  Restriction none;
  none.budget.rate = Rate{0, 100};
  EXPECT_EQ(outcome(root_.derive(none).value(), call("x")), "rate");
}

struct Told {
  int count = 0;
  Observer observer() {
    return {this, [](void* env) noexcept { ++static_cast<Told*>(env)->count; }};
  }
};

TEST_F(TreeTest, RevocationEndsASubtreeAndTellsItsUsesOnce) {
  const Capability a = root_.derive({}).value();
  const Capability b = a.derive({}).value();
  const Capability sibling = root_.derive({}).value();
  Told told_a, told_b, told_sibling, ended;
  auto use_a = Use::charge(a, call("x"), kNow, told_a.observer());
  auto use_b = Use::charge(b, call("x"), kNow, told_b.observer());
  auto use_sibling = Use::charge(sibling, call("x"), kNow, told_sibling.observer());
  {
    auto over = Use::charge(b, call("x"), kNow, ended.observer());
  }
  EXPECT_EQ(a.revoke(), 2u);
  EXPECT_EQ(a.revoke(), 0u);
  EXPECT_EQ(b.revoke(), 0u);
  EXPECT_EQ(told_a.count, 1);
  EXPECT_EQ(told_b.count, 1);
  EXPECT_EQ(told_sibling.count, 0);
  EXPECT_EQ(ended.count, 0);
  EXPECT_TRUE(use_b->revoked());
  EXPECT_FALSE(use_sibling->revoked());
  EXPECT_EQ(use_b->charge_bytes(0, kNow).error().reason, Reason::kRevoked);
  EXPECT_EQ(outcome(b, call("x")), "revoked");
  EXPECT_EQ(outcome(sibling, call("x")), "");
  EXPECT_EQ(b.derive({}).error().code, Code::kPermissionDenied);
}

TEST_F(TreeTest, AChildWhoseHandleIsGoneIsRevokedWhileInUse) {
  Told told;
  Capability child = root_.derive({}).value();
  auto use = Use::charge(child, call("x"), kNow, told.observer());
  child = Capability();
  EXPECT_EQ(tree_.nodes(), 2u);
  root_.revoke();
  EXPECT_EQ(told.count, 1);
}

TEST_F(TreeTest, AUseThatIsReplacedEnds) {
  Told first, second;
  auto use = Use::charge(root_, call("x"), kNow, first.observer());
  auto other = Use::charge(root_, call("x"), kNow, second.observer());
  use.value() = std::move(other).value();
  root_.revoke();
  EXPECT_EQ(first.count, 0);
  EXPECT_EQ(second.count, 1);
}

TEST_F(TreeTest, NodesLiveAsLongAsTheyAreNeeded) {
  {
    const Capability leaf = root_.derive({}).value().derive({}).value();
    EXPECT_EQ(tree_.nodes(), 3u);
    EXPECT_EQ(leaf.depth(), 3u);
  }
  EXPECT_EQ(tree_.nodes(), 1u);
  root_ = Capability();
  EXPECT_EQ(tree_.nodes(), 0u);
  EXPECT_EQ(tree_.bytes(), 0u);
}

TEST(Tree, CapabilitiesOutliveIt) {
  Capability root;
  {
    Tree tree;
    root = tree.mint(tools("**")).value();
  }
  EXPECT_TRUE(root.derive({}).ok());
  EXPECT_TRUE(Use::charge(root, call("x"), kNow, {}).ok());
}

TEST(Tree, ReachesEachLimit) {
  Tree tree({.depth = 3, .nodes = 5, .bytes = 1 << 20});
  const Capability root = tree.mint(tools("**")).value();
  const Capability third = root.derive({}).value().derive({}).value();
  EXPECT_EQ(third.derive({}).error().code, Code::kResourceExhausted);
  Restriction large;
  large.budget.rate = Rate{Rate::kMaxCalls, 1};
  Capability first = root.derive(large).value();
  EXPECT_GT(tree.bytes(), size_t{Rate::kMaxCalls} * 8);
  const Capability fifth = root.derive({}).value();
  EXPECT_EQ(root.derive({}).error().code, Code::kResourceExhausted);
  first = Capability();
  EXPECT_TRUE(root.derive(large).ok());
  EXPECT_EQ(tree.nodes(), 4u);
}

TEST(Tree, MemoryIsBounded) {
  Tree tree({.bytes = 1 << 20});
  const Capability root = tree.mint(tools("**")).value();
  Restriction large;
  large.budget.rate = Rate{Rate::kMaxCalls, 1};
  const Capability first = root.derive(large).value();
  const auto second = root.derive(large);
  EXPECT_EQ(second.error().code, Code::kResourceExhausted);
  EXPECT_LT(tree.bytes(), size_t{1} << 20);
}

TEST(Tree, AHolderMayBeBoundInWhatItDerives) {
  Tree tree;
  const Capability root = tree.mint(tools("**")).value();
  Restriction two;
  two.max_descendants = 2;
  const Capability bound = root.derive(two).value();
  const Capability a = bound.derive({}).value();
  {
    const Capability b = a.derive({}).value();
    EXPECT_EQ(a.derive({}).error().code, Code::kResourceExhausted);
    EXPECT_EQ(bound.derive({}).error().code, Code::kResourceExhausted);
    EXPECT_TRUE(root.derive({}).ok());
  }
  EXPECT_TRUE(a.derive({}).ok());
}

TEST(Tree, ChecksInOneOrder) {
  Tree tree;
  const Capability root = tree.mint(tools("a")).value();
  Restriction everything = with_caveat(1);
  everything.drop = Right::kInvoke;
  everything.expires_ns = kNow.realtime_ns;
  everything.budget.calls = 0;
  const Capability child = root.derive(everything).value();
  const auto reason = [](const Capability& c, const Request& r, Now now) {
    return denial(c, r, now).reason;
  };
  const Now before = {kNow.realtime_ns - 1, 0};
  Request other = call("a", 2);
  other.rights = Right::kTransfer;
  EXPECT_EQ(reason(child, call("a", 0), before), Reason::kRights);
  EXPECT_EQ(reason(child, other, before), Reason::kCaveat);
  other.bytes = 1;
  EXPECT_EQ(reason(child, other, before), Reason::kCalls);
  EXPECT_EQ(reason(child, call("a", 2), kNow), Reason::kExpired);
  child.revoke();
  EXPECT_EQ(reason(child, call("a", 2), kNow), Reason::kRevoked);
  EXPECT_EQ(reason(child, call("b", 2), kNow), Reason::kScope);
}

TEST(Tree, SaysWhatItAllows) {
  Tree tree;
  const Capability child = tree.mint(tools("a/**"))
                               .value()
                               .derive(with_caveat(5))
                               .value()
                               .derive(with_scope("a/b"))
                               .value();
  EXPECT_EQ(child.describe(), (std::vector<std::string>{"a/**", "bytes up to 5", "a/b"}));
  EXPECT_EQ(denial(child, call("b")).text, "b is not among a/**, a/b");
}

TEST(Tree, DeepChainsAreDroppedWithoutRecursion) {
  Tree tree({.depth = TreeLimits::kMaxDepth});
  Capability last = tree.mint(tools("**")).value();
  for (uint32_t i = 1; i < TreeLimits::kMaxDepth; ++i) last = last.derive({}).value();
  EXPECT_EQ(tree.nodes(), TreeLimits::kMaxDepth);
  last = Capability();
  EXPECT_EQ(tree.nodes(), 0u);
}

}  // namespace
}  // namespace cloche::cap
