#include "sched/queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <random>

namespace cloche::sched {
namespace {

constexpr int64_t kMs = 1'000'000;

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  uint32_t below(int64_t n) { return static_cast<uint32_t>(engine_() % static_cast<uint64_t>(n)); }

 private:
  std::mt19937 engine_;
};

// What a worker does when it does nothing else: one whole request.
Entity* turn(Queue& queue, int64_t used_ns = 0) {
  Entity* entity = queue.pick(0);
  if (!entity) return nullptr;
  queue.start(*entity);
  queue.charge(*entity, used_ns ? used_ns : queue.request_left_ns(*entity));
  queue.put_back(*entity);
  return entity;
}

TEST(Queue, IsEmptyAtFirst) {
  Queue queue;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.pick(0), nullptr);
  EXPECT_EQ(queue.allowed(), 0u);
}

TEST(Queue, EqualOnesTakeTurnsInTheOrderTheyCame) {
  Queue queue;
  Entity a, b, c;
  for (Entity* each : {&a, &b, &c}) queue.enter(*each);
  for (int round = 0; round < 5; ++round)
    for (Entity* each : {&a, &b, &c}) EXPECT_EQ(turn(queue), each);
}

TEST(Queue, AHeavierOneGetsMoreTurns) {
  Queue queue;
  Entity light, heavy;
  queue.enter(light);
  queue.enter(heavy);
  queue.set_weight(heavy, 3 * kDefaultWeight);
  int turns = 0;
  for (int i = 0; i < 400; ++i) turns += turn(queue) == &heavy;
  EXPECT_NEAR(turns, 300, 1);
}

// The paper's point: who asks for less at a time is served sooner, not more.
TEST(Queue, AShorterRequestIsServedSoonerButNotMore) {
  Queue queue;
  Entity quick;
  std::list<Entity> others(10);
  queue.set_slice(quick, kMs / 2);
  for (Entity& other : others) queue.enter(other);
  queue.enter(quick);
  int64_t quick_got = 0, all = 0;
  size_t longest = 0, since = 0;
  while (all < 3300 * kMs) {
    const bool is_quick = queue.pick(0) == &quick;
    const int64_t used = is_quick ? kMs / 2 : 3 * kMs;
    turn(queue, used);
    all += used;
    quick_got += is_quick ? used : 0;
    since = is_quick ? 0 : since + 1;
    longest = std::max(longest, since);
  }
  EXPECT_NEAR(static_cast<double>(quick_got) / static_cast<double>(all), 1.0 / 11, 0.003);
  EXPECT_LE(longest, 3u);
}

TEST(Queue, WhoWakesComesBeforeThoseThatWaitTheirTurn) {
  Queue queue;
  std::list<Entity> busy(50);
  Entity sleeper;
  queue.enter(sleeper);
  for (Entity& each : busy) queue.enter(each);
  for (int i = 0; i < 100; ++i) turn(queue);
  queue.leave(sleeper);
  for (int i = 0; i < 500; ++i) turn(queue);
  queue.enter(sleeper);
  EXPECT_EQ(queue.pick(0), &sleeper);
  // Not for long: its credit is one request.
  turn(queue);
  turn(queue);
  EXPECT_NE(queue.pick(0), &sleeper);
}

TEST(Queue, ADebtIsNotForgottenBySleeping) {
  Queue queue;
  Entity honest, greedy;
  queue.enter(honest);
  queue.enter(greedy);
  turn(queue);
  queue.start(greedy);
  queue.charge(greedy, 300 * kMs);  // it could not be stopped
  queue.leave(greedy);
  turn(queue);
  queue.enter(greedy);
  int64_t alone = 0;
  while (queue.pick(0) == &honest) {
    turn(queue);
    alone += 3 * kMs;
  }
  EXPECT_NEAR(static_cast<double>(alone), 297.0 * kMs, 16.0 * kMs);
}

TEST(Queue, AWeightThatChangesKeepsTheLag) {
  Queue queue;
  Entity a, b;
  queue.enter(a);
  queue.enter(b);
  turn(queue);
  const int64_t lag = queue.lag_ns(b);
  EXPECT_GT(lag, kMs);
  queue.set_weight(b, 7 * kDefaultWeight);
  // V moves with the weights, so b's lag is measured against what it was.
  EXPECT_LE(std::abs(queue.request_left_ns(b) - 3 * kMs), 10);
  EXPECT_GT(queue.lag_ns(b), 0);
  EXPECT_LE(queue.lag_ns(b), lag);
}

TEST(Queue, OnlyWhoMayRunThereIsPicked) {
  Queue queue;
  Entity zero, one, any;
  for (Entity* each : {&zero, &one, &any}) queue.enter(*each);
  queue.set_allowed(zero, bit_of(0));
  queue.set_allowed(one, bit_of(1));
  EXPECT_EQ(queue.pick(0), &zero);
  EXPECT_EQ(queue.pick(1), &one);
  EXPECT_EQ(queue.pick(63), &any);
  queue.leave(any);
  EXPECT_EQ(queue.pick(2), nullptr);
  EXPECT_EQ(queue.allowed(), bit_of(0) | bit_of(1));
}

// The extremes of all lags while entities arrive, get other weights and, if they may, leave at
// random. Each turn is at most one request of up to kLongest, and in one of four cases up to a tick
// more: that is how late a program is stopped.
constexpr int64_t kLongest = 5 * kMs, kTick = kMs;

class RandomQueue {
 public:
  enum class Departures : uint8_t { kNone, kSome };
  RandomQueue(uint32_t seed, Departures departures) : random_(seed), departures_(departures) {
    for (Entity& each : entities_) out_.push_back(&each);
  }

  void step() {
    const uint32_t what = random_.below(20);
    if (what == 0 && !out_.empty()) {
      Entity* entity = take(out_);
      queue_.set_slice(*entity, 1 + random_.below(kLongest));
      queue_.enter(*entity);
      in_.push_back(entity);
    } else if (what == 1 && !in_.empty() && departures_ == Departures::kSome) {
      Entity* entity = take(in_);
      queue_.leave(*entity);
      out_.push_back(entity);
    } else if (what == 2 && !in_.empty()) {
      queue_.set_weight(*in_[index(in_)], kMinWeight + random_.below(10'000));
    } else if (const Entity* entity = queue_.pick(0)) {
      const int64_t left = std::max<int64_t>(queue_.request_left_ns(*entity), 1);
      turn(queue_, 1 + random_.below(left + (random_.below(4) ? 0 : kTick)));
    }
    for (const Entity* entity : in_) {
      most_ = std::max(most_, queue_.lag_ns(*entity));
      least_ = std::min(least_, queue_.lag_ns(*entity));
    }
  }
  int64_t most() const { return most_; }
  int64_t least() const { return least_; }

 private:
  size_t index(const std::vector<Entity*>& of) {
    return random_.below(static_cast<int64_t>(of.size()));
  }
  Entity* take(std::vector<Entity*>& from) {
    std::swap(from[index(from)], from.back());
    Entity* taken = from.back();
    from.pop_back();
    return taken;
  }

  Random random_;
  const Departures departures_;
  Queue queue_;
  std::list<Entity> entities_{60};
  std::vector<Entity*> in_, out_;
  int64_t most_ = 0, least_ = 0;
};

// As the paper's theorem 1 says for one worker, with the tick added to the request.
TEST(Queue, LagsStayWithinOneRequestWhileNobodyLeaves) {
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    RandomQueue queue(seed, RandomQueue::Departures::kNone);
    for (int step = 0; step < 100'000; ++step) queue.step();
    EXPECT_LE(queue.most(), kLongest + kTick);
    EXPECT_GE(queue.least(), -kLongest - kTick);
    EXPECT_GT(queue.most() - queue.least(), kLongest);  // it was put to the test
  }
}

// Whoever leaves takes its lag along, and the others' change by as much in sum.
TEST(Queue, LagsStayWithinTwoRequestsWhenSomeLeave) {
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    RandomQueue queue(seed, RandomQueue::Departures::kSome);
    for (int step = 0; step < 100'000; ++step) queue.step();
    EXPECT_LE(queue.most(), 2 * (kLongest + kTick));
    EXPECT_GE(queue.least(), -2 * (kLongest + kTick));
  }
}

// The tree against the obvious: among those allowed and eligible the earliest deadline.
TEST(Queue, PicksWhatASearchOfAllWouldPick) {
  Random random(7);
  Queue queue;
  std::list<Entity> entities(30);
  std::vector<Entity*> in;
  for (Entity& each : entities) {
    queue.set_weight(each, kMinWeight + random.below(3000));
    queue.set_allowed(each, random.below(2) ? kEveryWorker : 1 + random.below(15));
    queue.enter(each);
    in.push_back(&each);
  }
  for (int step = 0; step < 20'000; ++step) {
    const unsigned worker = random.below(4);
    const Entity* expected = nullptr;
    for (const Entity* each : in) {
      if (!(each->allowed() & bit_of(worker)) || queue.lag_ns(*each) < 0) continue;
      if (!expected || each->deadline() < expected->deadline()) expected = each;
    }
    Entity* picked = queue.pick(worker);
    ASSERT_NE(picked, nullptr);
    if (expected) {
      ASSERT_EQ(picked->deadline(), expected->deadline());
    }
    queue.start(*picked);
    queue.charge(*picked, random.below(4 * kMs));
    queue.put_back(*picked);
  }
}

}  // namespace
}  // namespace cloche::sched
