#include "sched/bandwidth.h"

#include <gtest/gtest.h>

#include <random>

namespace cloche::sched {
namespace {

constexpr int64_t kMs = 1'000'000;

TEST(Bandwidth, IsUnlimitedAtFirst) {
  Bandwidth bandwidth;
  bandwidth.charge(INT64_MAX, 0);
  EXPECT_EQ(bandwidth.available(0), Bandwidth::kUnlimited);
}

TEST(Bandwidth, IsRefilledAtEachPeriod) {
  Bandwidth bandwidth;
  bandwidth.set(Quota{30 * kMs, 100 * kMs}, 5);
  bandwidth.charge(30 * kMs, 50 * kMs);
  EXPECT_EQ(bandwidth.available(50 * kMs), 0);
  EXPECT_EQ(bandwidth.next_refill(50 * kMs), 100 * kMs + 5);
  EXPECT_EQ(bandwidth.available(100 * kMs + 4), 0);
  EXPECT_EQ(bandwidth.available(100 * kMs + 5), 30 * kMs);
  EXPECT_EQ(bandwidth.next_refill(100 * kMs + 5), 100 * kMs + 5);
}

TEST(Bandwidth, WhatIsNotUsedIsNotSaved) {
  Bandwidth bandwidth;
  bandwidth.set(Quota{30 * kMs, 100 * kMs}, 0);
  EXPECT_EQ(bandwidth.available(1000 * kMs), 30 * kMs);
  EXPECT_EQ(bandwidth.available(INT64_MAX), 30 * kMs);
}

TEST(Bandwidth, AnOverrunIsADebt) {
  Bandwidth bandwidth;
  bandwidth.set(Quota{10 * kMs, 100 * kMs}, 0);
  bandwidth.charge(35 * kMs, 20 * kMs);
  EXPECT_EQ(bandwidth.available(20 * kMs), -25 * kMs);
  EXPECT_EQ(bandwidth.next_refill(20 * kMs), 300 * kMs);
  EXPECT_EQ(bandwidth.available(299 * kMs), -5 * kMs);
  EXPECT_EQ(bandwidth.available(300 * kMs), 5 * kMs);
}

// A debt of exactly so many quotas leaves nothing in the period that pays the last of it.
TEST(Bandwidth, AllOfADebtIsPaidFirst) {
  Bandwidth bandwidth;
  bandwidth.set(Quota{10 * kMs, 100 * kMs}, 0);
  bandwidth.charge(20 * kMs, 0);
  EXPECT_EQ(bandwidth.next_refill(0), 200 * kMs);
  EXPECT_EQ(bandwidth.available(100 * kMs), 0);
  EXPECT_EQ(bandwidth.available(200 * kMs), 10 * kMs);
}

TEST(Bandwidth, ANewQuotaKeepsTheDebt) {
  Bandwidth bandwidth;
  bandwidth.set(Quota{10 * kMs, 100 * kMs}, 0);
  bandwidth.charge(30 * kMs, 0);
  bandwidth.set(Quota{50 * kMs, 100 * kMs}, 0);
  EXPECT_EQ(bandwidth.available(0), -20 * kMs);
  EXPECT_EQ(bandwidth.available(100 * kMs), 30 * kMs);
  // Nor does lifting it and setting it again.
  bandwidth.charge(100 * kMs, 100 * kMs);
  bandwidth.set(std::nullopt, 100 * kMs);
  EXPECT_EQ(bandwidth.available(100 * kMs), Bandwidth::kUnlimited);
  bandwidth.set(Quota{50 * kMs, 100 * kMs}, 100 * kMs);
  EXPECT_EQ(bandwidth.available(100 * kMs), -20 * kMs);
}

TEST(Bandwidth, ALowerQuotaHoldsAtOnce) {
  Bandwidth bandwidth;
  bandwidth.set(Quota{50 * kMs, 100 * kMs}, 0);
  bandwidth.set(Quota{5 * kMs, 100 * kMs}, 0);
  EXPECT_EQ(bandwidth.available(0), 5 * kMs);
}

// Whoever takes all it can get, in turns that overrun, gets the quota to a thousandth in the long
// run.
TEST(Bandwidth, TheRateIsExactOverManyPeriods) {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    const Quota quota{kMs + static_cast<int64_t>(random() % 90) * kMs, 100 * kMs};
    Bandwidth bandwidth;
    bandwidth.set(quota, 0);
    int64_t now = 0, used = 0;
    while (now < 100'000 * kMs) {
      if (bandwidth.available(now) <= 0) {
        now = bandwidth.next_refill(now);
        continue;
      }
      const int64_t turn = 1 + static_cast<int64_t>(random() % (5 * kMs));
      now += turn;
      used += turn;
      bandwidth.charge(turn, now);
    }
    const double rate = static_cast<double>(used) / static_cast<double>(now);
    EXPECT_NEAR(rate, static_cast<double>(quota.quota_ns) / 1e8, 0.001);
  }
}

TEST(Bandwidth, QuotasOutOfRangeAreErrors) {
  EXPECT_TRUE(check_quota({kMs, kMs}).ok());
  EXPECT_TRUE(check_quota({4096 * kMs, kMs}).ok());
  EXPECT_TRUE(check_quota({kMs, 1000 * kMs}).ok());
  for (const Quota wrong :
       {Quota{0, 100 * kMs}, Quota{-1, 100 * kMs}, Quota{kMs - 1, 100 * kMs}, Quota{kMs, 0},
        Quota{kMs, -1}, Quota{kMs, kMs - 1}, Quota{kMs, 1000 * kMs + 1}, Quota{4096 * kMs + 1, kMs},
        Quota{INT64_MAX, kMs}, Quota{INT64_MIN, INT64_MIN}}) {
    EXPECT_EQ(check_quota(wrong).error().code, Code::kInvalidArgument);
  }
}

}  // namespace
}  // namespace cloche::sched
