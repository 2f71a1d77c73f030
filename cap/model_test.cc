// Properties of the derivation tree over random trees and steps, and under threads.
//
// CLOCHE_CAP_STEPS=N: so many random steps instead of a million.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <thread>

#include "cap/test_model.h"

namespace cloche::cap {
namespace {

constexpr Now kNow = {1'000'000, 1'000'000};

TEST(Model, AgreesOnRandomSteps) {
  const char* const wanted = std::getenv("CLOCHE_CAP_STEPS");
  const int64_t steps = wanted ? std::strtoll(wanted, nullptr, 10) : 1'000'000;
  std::mt19937 random(20'261);
  const auto choose = [&random](uint32_t below) { return static_cast<uint32_t>(random()) % below; };
  uint64_t charged = 0, refused = 0, derived = 0, compared = 0, told = 0;
  for (int64_t done = 0; done < steps;) {
    ModelMachine machine(choose);
    for (int i = 0; i < 300; ++i, ++done) machine.step();
    charged += machine.counts().charged;
    refused += machine.counts().refused;
    derived += machine.counts().derived;
    compared += machine.counts().compared;
    told += machine.counts().told;
  }
  // Enough of everything happened.
  const auto part = static_cast<uint64_t>(steps) / 1000;
  EXPECT_GT(charged, 20 * part);
  EXPECT_GT(refused, 20 * part);
  EXPECT_GT(derived, 10 * part);
  EXPECT_GT(compared, 2 * part);
  EXPECT_GT(told, part);
}

// Starts all threads at once and waits for them.
template <class Body>
void run_threads(int count, Body body) {
  std::atomic<bool> go = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&go, &body, i] {
      while (!go) std::this_thread::yield();
      body(i);
    });
  }
  go = true;
  for (std::thread& thread : threads) thread.join();
}

TEST(Race, ExactlyAsManyCallsAsGranted) {
  constexpr uint64_t kGranted = 20'000;
  Tree tree;
  const Capability shared = tree.mint(tools("**")).value().derive(with_calls(kGranted)).value();
  std::vector<Capability> own;
  for (int i = 0; i < 64; ++i) own.push_back(shared.derive(with_calls(500)).value());
  std::atomic<uint64_t> passed = 0;
  run_threads(64, [&own, &passed](int i) {
    const Capability& mine = own[static_cast<size_t>(i)];
    uint64_t count = 0;
    for (int tries = 0; tries < 1000; ++tries) count += Use::charge(mine, call("a"), kNow, {}).ok();
    passed += count;
    EXPECT_LE(count, 500u);
  });
  EXPECT_EQ(passed, kGranted);
  EXPECT_EQ(shared.calls_left(), 0u);
  uint64_t spent = 0;
  for (const Capability& mine : own) spent += 500 - mine.calls_left().value();
  EXPECT_LE(spent, 64u * 500);
  EXPECT_GE(spent, kGranted - 64);  // a leaf whose budget is used up shows what its parent has left
}

struct Told {
  std::atomic<int> count = 0;
};

TEST(Race, RevocationIsFinalAndHeardOnce) {
  for (int round = 0; round < 20; ++round) {
    Tree tree;
    const Capability top = tree.mint(tools("**")).value();
    const Capability middle = top.derive({}).value();
    std::atomic<bool> revoked = false;
    std::atomic<size_t> nodes_revoked = 0;
    run_threads(8, [&middle, &revoked, &nodes_revoked](int i) {
      if (i < 2) {
        for (int spin = 0; spin < 50; ++spin) std::this_thread::yield();
        nodes_revoked += middle.revoke();
        revoked = true;
        return;
      }
      for (int n = 0; n < 2000; ++n) {
        const bool was_revoked = revoked;
        auto child = middle.derive({});
        if (!child.ok()) break;
        EXPECT_FALSE(was_revoked);
        Told told;
        {
          auto use =
              Use::charge(*child, call("a"), kNow,
                          {&told, [](void* env) noexcept { ++static_cast<Told*>(env)->count; }});
          if (!use.ok()) continue;
          std::this_thread::yield();
          EXPECT_LE(told.count, 1);
          EXPECT_TRUE(!use->revoked() || told.count == 1);
        }
        EXPECT_LE(told.count, 1);
      }
    });
    EXPECT_TRUE(middle.revoked());
    EXPECT_GE(nodes_revoked, 1u);
    EXPECT_EQ(tree.nodes(), 2u);
    EXPECT_FALSE(top.check(call("a"), kNow));
  }
}

TEST(Race, HandlesAreSharedAcrossThreads) {
  Tree tree;
  const Capability top = tree.mint(tools("**")).value();
  run_threads(8, [&top](int) {
    for (int n = 0; n < 2000; ++n) {
      Capability copy = top;
      const Capability deep = copy.derive({}).value().derive({}).value();
      copy = deep;
      EXPECT_EQ(copy.depth(), 3u);
    }
  });
  EXPECT_EQ(tree.nodes(), 1u);
}

TEST(Race, ARateHoldsForAllCallersTogether) {
  Tree tree;
  Restriction restriction;
  restriction.budget.rate = Rate{100, 1'000'000};
  const Capability shared = tree.mint(tools("**")).value().derive(restriction).value();
  std::atomic<int> passed = 0;
  run_threads(16, [&shared, &passed](int) {
    for (int n = 0; n < 100; ++n) passed += Use::charge(shared, call("a"), kNow, {}).ok();
  });
  EXPECT_EQ(passed, 100);
}

TEST(Tree, TenThousandNodesAreDerivedAndRevoked) {
  Tree tree;
  std::mt19937 random(3);
  std::vector<Capability> nodes = {tree.mint(tools("**")).value()};
  while (nodes.size() < 10'000) {
    const Capability& parent = nodes[random() % nodes.size()];
    if (parent.depth() < 60) nodes.push_back(parent.derive({}).value());
  }
  EXPECT_EQ(nodes[0].revoke(), 10'000u);
  for (const Capability& node : nodes) ASSERT_TRUE(node.revoked());
  nodes.clear();
  EXPECT_EQ(tree.nodes(), 0u);
}

}  // namespace
}  // namespace cloche::cap
