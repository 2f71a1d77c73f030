#include "cap/space.h"

#include <gtest/gtest.h>

#include "cap/test_support.h"

namespace cloche::cap {
namespace {

constexpr Now kNow = {1'000'000, 1'000'000};

class SpaceTest : public testing::Test {
 protected:
  Handle grant(Restriction restriction) {
    return space_.install(root_.derive(std::move(restriction)).value()).value();
  }
  std::string outcome(Space& space, const Request& request) {
    auto use = space.charge(request, kNow, {});
    return use.ok() ? "" : reason_name(use.error().reason);
  }
  std::string outcome(const Request& request) { return outcome(space_, request); }

  Tree tree_;
  Capability root_ = tree_.mint(tools("**")).value();
  Space space_;
};

class SelectionTest : public SpaceTest {
 protected:
  std::optional<uint64_t> calls_left(Handle handle) { return space_.get(handle)->calls_left(); }
  // "" when it was charged.
  std::string reason(Selection selection, Now now = kNow) {
    auto use = space_.charge(std::move(selection), now, {});
    return use.ok() ? "" : reason_name(use.error().reason);
  }
};

TEST_F(SpaceTest, AnEmptySpaceAllowsNothing) {
  const auto denied = space_.charge(call("a"), kNow, {});
  ASSERT_FALSE(denied.ok());
  EXPECT_EQ(denied.error().reason, Reason::kNoCapability);
  EXPECT_EQ(denied.error().text, "no capability for a");
}

TEST_F(SpaceTest, HandlesNameOneCapabilityForEver) {
  const Handle first = grant({});
  ASSERT_TRUE(space_.drop(first).ok());
  const Handle second = grant({});
  EXPECT_NE(first, second);
  EXPECT_EQ(space_.get(first).error().code, Code::kNotFound);
  EXPECT_EQ(space_.drop(first).error().code, Code::kNotFound);
  EXPECT_EQ(space_.get(0).error().code, Code::kNotFound);
  EXPECT_EQ(space_.revoke(first).error().code, Code::kNotFound);
  EXPECT_EQ(space_.duplicate(first).error().code, Code::kNotFound);
  EXPECT_EQ(space_.derive(first, {}).error().code, Code::kNotFound);
}

TEST_F(SpaceTest, HoldsSoManyAndNoMore) {
  Space small(2);
  const Handle first = small.install(root_).value();
  ASSERT_TRUE(small.duplicate(first).ok());
  EXPECT_EQ(small.duplicate(first).error().code, Code::kResourceExhausted);
  EXPECT_EQ(small.install(root_).error().code, Code::kResourceExhausted);
  EXPECT_EQ(small.derive(first, {}).error().code, Code::kResourceExhausted);
  EXPECT_EQ(tree_.nodes(), 1u);
  ASSERT_TRUE(small.drop(first).ok());
  EXPECT_TRUE(small.install(root_).ok());
}

TEST_F(SpaceTest, DuplicatesShareTheBudget) {
  const Handle first = grant(with_calls(1));
  const Handle second = space_.duplicate(first).value();
  EXPECT_EQ(space_.get(first).value(), space_.get(second).value());
  EXPECT_EQ(outcome(call("a")), "");
  EXPECT_EQ(outcome(call("a")), "calls");
}

TEST_F(SpaceTest, ChargesTheFirstThatAllows) {
  const Handle first = grant(with_calls(1));
  const Handle second = grant(with_calls(2));
  EXPECT_EQ(outcome(call("a")), "");
  EXPECT_EQ(space_.get(first)->calls_left(), 0u);
  EXPECT_EQ(space_.get(second)->calls_left(), 2u);
  EXPECT_EQ(outcome(call("a")), "");
  EXPECT_EQ(outcome(call("a")), "");
  EXPECT_EQ(space_.get(second)->calls_left(), 0u);
  EXPECT_EQ(outcome(call("a")), "calls");
}

TEST_F(SpaceTest, TheOrderHoldsAcrossKindsOfScopes) {
  grant(with_scope("a/*"));
  const Handle exact = grant(with_scope("a/b"));
  const Handle any = grant(with_scope("**"));
  const Handle first_segment = grant(with_scope("a/**"));
  for (const Handle handle : {Handle{1}, exact, any, first_segment}) {
    auto use = space_.charge(call("a/b"), kNow, {});
    ASSERT_TRUE(use.ok());
    EXPECT_EQ(use->capability(), space_.get(handle).value());
    ASSERT_TRUE(space_.drop(handle).ok());
  }
  EXPECT_EQ(outcome(call("a/b")), "no_capability");
}

TEST_F(SpaceTest, NamesTheNearestRefusal) {
  Restriction far = with_scope("a");
  far.drop = Right::kInvoke;
  Restriction near = with_scope("a");
  near.caveats.push_back(std::make_shared<AtMost>(5));
  grant(with_scope("b"));
  const Handle rights = grant(std::move(far));
  const Handle caveat = grant(std::move(near));
  grant(with_caveat(7));
  const auto denied = space_.charge(call("a", 9), kNow, {});
  EXPECT_EQ(denied.error().text, "bytes must be up to 5, is 9");
  EXPECT_EQ(space_.check(call("a", 9), kNow)->node, space_.get(caveat)->id());
  ASSERT_TRUE(space_.drop(caveat).ok());
  EXPECT_EQ(space_.check(call("a", 9), kNow)->text, "bytes must be up to 7, is 9");
  ASSERT_TRUE(space_.drop(4).ok());
  EXPECT_EQ(space_.check(call("a", 9), kNow)->reason, Reason::kRights);
  ASSERT_TRUE(space_.drop(rights).ok());
  EXPECT_EQ(space_.check(call("a", 9), kNow)->reason, Reason::kNoCapability);
}

TEST_F(SpaceTest, AskingChargesNothing) {
  const Handle handle = grant(with_calls(1));
  EXPECT_FALSE(space_.check(call("a"), kNow));
  EXPECT_FALSE(space_.check(call("a"), kNow));
  EXPECT_EQ(space_.get(handle)->calls_left(), 1u);
}

// --- in two steps

TEST_F(SelectionTest, ChargesWhatWasChosenAndOnlyThen) {
  const Handle first = grant(with_calls(1));
  auto selection = space_.select(call("a"), kNow);
  ASSERT_TRUE(selection.ok());
  EXPECT_EQ(calls_left(first), 1u);
  auto use = space_.charge(std::move(*selection), kNow, {});
  ASSERT_TRUE(use.ok());
  EXPECT_EQ(use->capability(), space_.get(first).value());
  EXPECT_EQ(calls_left(first), 0u);
}

TEST_F(SelectionTest, SaysWhyNothingCanBeChosen) {
  grant(with_caveat(5));
  const auto selection = space_.select(call("a", 9), kNow);
  ASSERT_FALSE(selection.ok());
  EXPECT_EQ(selection.error().text, "bytes must be up to 5, is 9");
}

// What may have changed since is judged again.
TEST_F(SelectionTest, ARevocationInBetweenCounts) {
  const Handle handle = grant({});
  auto selection = space_.select(call("a"), kNow);
  ASSERT_TRUE(space_.revoke(handle).ok());
  EXPECT_EQ(reason(std::move(*selection)), "revoked");
}

TEST_F(SelectionTest, AnExpiryInBetweenCounts) {
  Restriction restriction;
  restriction.expires_ns = kNow.realtime_ns + 10;
  grant(std::move(restriction));
  auto selection = space_.select(call("a"), kNow);
  EXPECT_EQ(reason(std::move(*selection), {kNow.realtime_ns + 10, 0}), "expired");
}

TEST_F(SelectionTest, ABudgetUsedUpInBetweenCounts) {
  const Capability shared = root_.derive(with_calls(1)).value();
  ASSERT_TRUE(space_.install(shared.derive({}).value()).ok());
  auto selection = space_.select(call("a"), kNow);
  ASSERT_TRUE(Use::charge(shared, call("a"), kNow, {}).ok());
  EXPECT_EQ(reason(std::move(*selection)), "calls");
  EXPECT_FALSE(space_.select(call("a"), kNow).ok());
}

TEST_F(SelectionTest, TheNextCapabilityServesWhenTheChosenOneCannot) {
  const Handle first = grant(with_calls(1)), second = grant(with_calls(1));
  auto selection = space_.select(call("a"), kNow);
  EXPECT_EQ(outcome(call("a")), "");
  EXPECT_EQ(calls_left(first), 0u);
  auto use = space_.charge(std::move(*selection), kNow, {});
  ASSERT_TRUE(use.ok());
  EXPECT_EQ(use->capability(), space_.get(second).value());
}

TEST_F(SelectionTest, WhatTheSpaceNoLongerHoldsIsNotCharged) {
  const Handle handle = grant(with_calls(1));
  const Capability held = space_.get(handle).value();
  auto selection = space_.select(call("a"), kNow);
  ASSERT_TRUE(space_.drop(handle).ok());
  EXPECT_EQ(reason(std::move(*selection)), "no_capability");
  EXPECT_EQ(held.calls_left(), 1u);
}

TEST_F(SelectionTest, OneOfAnotherSpaceIsJudgedByTheCapabilitiesOfThisOne) {
  Space empty, strict;
  grant({});
  ASSERT_TRUE(strict.install(root_.derive(with_caveat(5)).value()).ok());
  for (Space* other : {&empty, &strict}) {
    auto selection = space_.select(call("a", 9), kNow);
    const auto use = other->charge(std::move(*selection), kNow, {});
    ASSERT_FALSE(use.ok());
    EXPECT_EQ(use.error().reason, other == &empty ? Reason::kNoCapability : Reason::kCaveat);
  }
}

TEST_F(SelectionTest, OneOfASpaceThatIsGoneIsWorthNothing) {
  auto gone = std::make_unique<Space>();
  ASSERT_TRUE(gone->install(root_).ok());
  auto selection = gone->select(call("a"), kNow);
  gone.reset();
  EXPECT_EQ(reason(std::move(*selection)), "no_capability");
}

TEST_F(SelectionTest, IsGoodForOneUse) {
  const Handle handle = grant(with_calls(1));
  auto selection = space_.select(call("a"), kNow);
  EXPECT_EQ(reason(std::move(*selection)), "");
  EXPECT_EQ(reason(std::move(*selection)), "calls");  // NOLINT: moved from, and judged again
  EXPECT_EQ(calls_left(handle), 0u);
}

TEST_F(SpaceTest, DroppingForgetsButRevokingEnds) {
  const Handle parent = grant({});
  const Handle child = space_.derive(parent, with_scope("a")).value();
  ASSERT_TRUE(space_.drop(parent).ok());
  EXPECT_EQ(outcome(call("a")), "");
  const Handle grandchild = space_.derive(child, {}).value();
  EXPECT_EQ(space_.revoke(child).value(), 2u);
  EXPECT_EQ(outcome(call("a")), "revoked");
  EXPECT_TRUE(space_.get(grandchild)->revoked());
}

TEST_F(SpaceTest, ATransferMovesTheCapability) {
  Space other;
  const Handle handle = grant({});
  const Handle moved = space_.transfer(handle, other).value();
  EXPECT_EQ(space_.size(), 0u);
  EXPECT_EQ(outcome(call("a")), "no_capability");
  EXPECT_EQ(outcome(other, call("a")), "");
  EXPECT_EQ(other.transfer(moved, other).error().code, Code::kInvalidArgument);
}

TEST_F(SpaceTest, NothingIsHandedOnWithoutTheRight) {
  Space other;
  Restriction restriction;
  restriction.drop = Right::kTransfer;
  const Handle handle = grant(std::move(restriction));
  const Handle free = grant({});
  EXPECT_EQ(space_.transfer(handle, other).error().code, Code::kPermissionDenied);
  std::vector<Delegation> delegations(2);
  delegations[0].handle = free;
  delegations[1].handle = handle;
  EXPECT_EQ(space_.delegate(std::move(delegations), other).error().code, Code::kPermissionDenied);
  EXPECT_EQ(other.size(), 0u);
  EXPECT_EQ(tree_.nodes(), 3u);
  EXPECT_EQ(outcome(call("a")), "");
}

TEST_F(SpaceTest, AFailedTransferMovesNothing) {
  Space full(0);
  const Handle handle = grant({});
  EXPECT_EQ(space_.transfer(handle, full).error().code, Code::kResourceExhausted);
  EXPECT_EQ(outcome(call("a")), "");
}

TEST_F(SpaceTest, AChildHasWhatIsNamedAndNothingElse) {
  Space child;
  const Handle files = grant(with_scope("files/**"));
  grant(with_scope("payments/**"));
  std::vector<Delegation> delegations(1);
  delegations[0].handle = files;
  delegations[0].restriction = with_scope("files/read");
  const auto given = space_.delegate(std::move(delegations), child).value();
  EXPECT_EQ(child.handles(), given);
  EXPECT_EQ(outcome(child, call("files/read")), "");
  EXPECT_EQ(outcome(child, call("files/write")), "no_capability");
  EXPECT_EQ(outcome(child, call("payments/transfer")), "no_capability");
  EXPECT_EQ(outcome(call("payments/transfer")), "");
}

TEST_F(SpaceTest, TheGiverCanTakeBackAndTheTakerCannot) {
  Space child;
  const Handle handle = grant({});
  std::vector<Delegation> delegations(1);
  delegations[0].handle = handle;
  const Handle given = space_.delegate(std::move(delegations), child).value()[0];
  EXPECT_EQ(child.revoke(given).value(), 1u);
  EXPECT_EQ(outcome(call("a")), "");
  std::vector<Delegation> again(1);
  again[0].handle = handle;
  ASSERT_TRUE(space_.delegate(std::move(again), child).ok());
  EXPECT_EQ(outcome(child, call("a")), "");
  ASSERT_TRUE(space_.revoke(handle).ok());
  EXPECT_EQ(outcome(child, call("a")), "revoked");
}

TEST_F(SpaceTest, FoldersAreFoundByTheirFirstSegment) {
  const Capability trees = tree_.mint(Scope::tree("/").value()).value();
  Restriction data;
  data.scope = Scope::tree("/data/in").value();
  ASSERT_TRUE(space_.install(trees.derive(std::move(data)).value()).ok());
  grant(with_scope("data/in"));
  Request read;
  read.kind = Kind::kTree;
  read.name = "/data/in/x";
  read.rights = Right::kRead;
  EXPECT_EQ(outcome(read), "");
  read.name = "/data/out";
  EXPECT_EQ(outcome(read), "scope");
  read.name = "/etc";
  EXPECT_EQ(outcome(read), "no_capability");
}

}  // namespace
}  // namespace cloche::cap
