// Limits of a whole sandbox: how fast it may fork, what memory.high does, and new limits while it
// runs.
#include <gtest/gtest.h>

#include <array>

#include "kernel/memory_guard.h"
#include "kernel/rate_limit.h"
#include "kernel/testing/io_helpers.h"

namespace cloche::kernel {
namespace {

using namespace testing;

constexpr int64_t kSecond = 1'000'000'000;

TEST(RateLimitTest, ABucketOfOneSecond) {
  RateLimit limit;
  limit.set_rate(10);
  const auto taken = [&limit](int64_t now) {
    int count = 0;
    while (count < 100 && limit.take(now)) ++count;
    return count;
  };
  EXPECT_EQ(taken(kSecond), 10);
  EXPECT_EQ(taken(kSecond), 0);
  EXPECT_EQ(taken(kSecond + kSecond / 10), 1);
  EXPECT_EQ(taken(kSecond + kSecond / 2), 4);
  EXPECT_EQ(taken(kSecond), 0);         // a clock that is set back brings nothing
  EXPECT_EQ(taken(100 * kSecond), 10);  // and a long pause no more than a second's
}

TEST(RateLimitTest, WithoutARateThereIsNone) {
  RateLimit limit;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(limit.take(0));
}

TEST(LimitsTest, ForksBeyondTheRateAreRefusedAndComeBackWithTime) {
  KernelLimits limits;
  limits.fork_rate = 5;  // the program itself is one
  TestSandbox box(limits);
  EXPECT_EQ(box.run_program([&box](FakeGuest& g) {
    const auto forks = [&g] {
      int count = 0;
      for (int i = 0; i < 10; ++i) {
        const int32_t pid = g.fork();
        if (pid == 0) g.exit(0);
        if (pid == -11) break;  // EAGAIN
        int32_t status;
        g.wait(pid, &status);
        ++count;
      }
      return count;
    };
    EXPECT_EQ(forks(), 4);
    g.ask([&box] { return box.clock().now += kSecond; });
    EXPECT_EQ(forks(), 5);
  }),
            0);
  EXPECT_EQ(box.limits_reached, (std::vector<std::string>{"forks.rate 2", "forks.rate 2"}));
}

TEST(LimitsTest, WhatIsRefusedForALimitOfTheSandboxIsTold) {
  KernelLimits limits;
  limits.open_files = 5;
  limits.memory = 32 << 20;
  limits.address_space = 32 << 20;
  TestSandbox box(limits);
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    // Its own limits are its own affair.
    struct {
      uint64_t soft, hard;
    } own{3, 5};
    const auto limit = [&](uint32_t which, uint64_t soft, uint64_t hard) {
      own = {soft, hard};
      g.store(kFree, own);
      EXPECT_EQ(g.call("prlimit64", 0, which, kFree, 0), 0);
    };
    const auto fill = [&g] {
      int32_t fd = 0;
      while (fd >= 0) fd = open(g, "/dev/null", kO_RDONLY);
      return fd;
    };
    const auto map = [&g](uint32_t bytes) { return g.call("mmap2", 0, bytes, 3, 0x22, -1, 0); };
    limit(kLimitOpenFiles, 3, 5);
    EXPECT_EQ(fill(), -24);  // EMFILE
    limit(kLimitAddressSpace, 4 << 20, 32 << 20);
    EXPECT_EQ(map(8 << 20), -12);
    limit(kLimitOpenFiles, 5, 5);
    EXPECT_EQ(fill(), -24);
    limit(kLimitAddressSpace, 32 << 20, 32 << 20);
    EXPECT_GT(map(16 << 20), 0);
    EXPECT_EQ(map(16 << 20), -12);  // none of it is in use, but it would be too much
  }),
            0);
  EXPECT_EQ(box.limits_reached, (std::vector<std::string>{"open_files.max 2", "memory.max 2"}));
}

TEST(LimitsTest, AProgramThatGrowsByItselfGetsWhatTheBreakWouldGet) {
  KernelLimits limits;
  limits.memory = 32 << 20;
  TestSandbox box(limits);
  EXPECT_EQ(box.run_program([&box](FakeGuest& g) {
    const auto use = [&](uint64_t bytes) {
      g.ask([&] {
        box.clock().faults += bytes / 4096;
        return box.engine().host_bytes = bytes;
      });
    };
    const uint64_t mine[] = {4 << 20, 32 << 20};  // RLIMIT_AS
    EXPECT_EQ(g.memory_grow(1 << 20), 1 << 20);
    use(31 << 20);
    EXPECT_EQ(g.memory_grow(2 << 20), -1);  // others have the rest
    EXPECT_EQ(g.memory_size(), 2u << 20);
    use(0);
    g.store(kFree, mine);
    EXPECT_EQ(g.call("prlimit64", 0, kLimitAddressSpace, kFree, 0), 0);
    EXPECT_EQ(g.memory_grow(2 << 20), 2 << 20);
    EXPECT_EQ(g.memory_grow(64 << 10), -1);  // its own affair
    EXPECT_EQ(g.memory_size(), 4u << 20);
    EXPECT_EQ(g.memory_grow(40 << 20), -1);
    EXPECT_EQ(g.memory_grow(0), 4 << 20);
  }),
            0);
  EXPECT_EQ(box.limits_reached, (std::vector<std::string>{"memory.max 2", "memory.max 2"}));
}

TEST(MemoryGuardTest, TellsWhatMayBeInUseWithoutCounting) {
  constexpr uint64_t kPage = 4096;
  ManualClock clock;
  MemoryGuard guard;
  EXPECT_EQ(guard.most(clock), UINT64_MAX);
  EXPECT_FALSE(guard.knows_peak(clock));
  guard.begin_turn(clock);
  clock.faults += 10;
  guard.counted(clock, 1 << 20);
  EXPECT_EQ(guard.most(clock), 1u << 20);
  EXPECT_TRUE(guard.knows_peak(clock));
  clock.faults += 20;
  EXPECT_EQ(guard.most(clock), (1u << 20) + 20 * kPage);
  guard.end_turn(clock);
  clock.faults += 1000;  // of whatever else this thread does
  EXPECT_EQ(guard.most(clock), (1u << 20) + 20 * kPage);
  guard.begin_turn(clock);
  clock.faults += MemoryGuard::kFewPages - 21;
  EXPECT_TRUE(guard.knows_peak(clock));
  clock.faults += 1;
  EXPECT_FALSE(guard.knows_peak(clock));
  guard.counted(clock, MemoryGuard::kGrowth * 1000 * kPage);
  clock.faults += 999;
  EXPECT_TRUE(guard.knows_peak(clock));
  clock.faults += 1;
  EXPECT_FALSE(guard.knows_peak(clock));
}

TEST(NiceTest, BusyProcessesShareByWeight) {
  TestSandbox box;
  std::array<int64_t, 3> turns{};
  for (size_t i = 0; i < turns.size(); ++i) {
    box.program("busy" + std::to_string(i), [&box, &turns, i](FakeGuest& g) {
      for (;;) {
        g.ask([&] {
          box.clock().now += 1'000'000;
          return ++turns[i];
        });
        g.tick();
      }
    });
    const int32_t pid = box.start("busy" + std::to_string(i));
    ASSERT_GT(pid, 0);
    ASSERT_TRUE(box.kernel().set_nice(pid, i == 0 ? 0 : i == 1 ? 5 : 19).ok());
  }
  box.kernel().run(10'000'000'000);
  box.kernel().kill_all();
  // 1024 : 335 : 15, as Linux has it.
  EXPECT_NEAR(static_cast<double>(turns[1]) / static_cast<double>(turns[0]), 335.0 / 1024, 0.02);
  EXPECT_NEAR(static_cast<double>(turns[2]) / static_cast<double>(turns[0]), 15.0 / 1024, 0.005);
}

TEST(NiceTest, WhoWakesWaitsForOneTurnOfTheBusy) {
  TestSandbox box;
  int64_t woke_at = 0, busy_turns = 0, turns_between = 0;
  for (int i = 0; i < 20; ++i) {
    box.program("busy" + std::to_string(i), [&](FakeGuest& g) {
      for (;;) {
        g.ask([&] {
          box.clock().now += 1'000'000;
          return ++busy_turns;
        });
        g.tick();
      }
    });
    ASSERT_GT(box.start("busy" + std::to_string(i)), 0);
  }
  box.program("sleeper", [&](FakeGuest& g) {
    for (int i = 0; i < 10; ++i) {
      struct {
        int64_t seconds, nanoseconds;
      } pause{0, 30'000'000};
      g.store(kFree, pause);
      g.ask([&] { return woke_at = box.clock().now + 30'000'000; });
      g.call("clock_nanosleep_time64", 1, 0, kFree, 0);
      g.ask([&] {
        const int64_t late = box.clock().now - woke_at;
        turns_between = std::max(turns_between, late);
        return 0;
      });
    }
  });
  const int32_t pid = box.start("sleeper");
  ASSERT_GT(pid, 0);
  box.run(pid);
  box.kernel().kill_all();
  EXPECT_LE(turns_between, 3'000'000);  // with twenty before it in a plain line it would be 20 ms
}

// By time alone the next look would be 15 ms later.
TEST(LimitsTest, PageFaultsThatMayFillTheMemoryBringTheNextLook) {
  KernelLimits limits;
  limits.memory = 64 << 20;
  TestSandbox box(limits);
  int without = 0, with = 0;
  box.program("grower", [&](FakeGuest& g) {
    const auto tick = [&] {
      box.clock().now += 1'000'000;
      g.tick();
    };
    tick();
    box.engine().host_bytes = 65 << 20;
    for (; without < 5; ++without) tick();
    box.clock().faults += (64 << 20) / 4096;
    for (;; ++with) tick();
  });
  const int32_t pid = box.start("grower");
  EXPECT_EQ(box.run(pid), kSigKill);
  EXPECT_EQ(without, 5);
  EXPECT_LE(with, 1);
  box.engine().host_bytes = 0;
}

TEST(LimitsTest, OverMemoryHighTheSandboxStandsStillForAWhile) {
  KernelLimits limits;
  limits.memory_high = 1 << 20;
  TestSandbox box(limits);
  box.program("grower", [&box](FakeGuest& g) {
    for (;;) {
      g.ask([&box] { return box.engine().host_bytes = 3 << 20; });
      g.tick();
    }
  });
  ASSERT_GT(box.start("grower"), 0);
  Kernel::Idle idle = Kernel::Idle::kReady;
  for (int i = 0; i < 100 && idle != Kernel::Idle::kWaiting; ++i) {
    idle = box.kernel().run(10'000'000);
    box.clock().now += 1'000'000;
  }
  ASSERT_EQ(idle, Kernel::Idle::kWaiting);
  EXPECT_FALSE(box.kernel().ready());
  const int64_t now = box.clock().now;
  EXPECT_GT(box.kernel().next_deadline(), now + 50'000'000);
  EXPECT_LE(box.kernel().next_deadline(), now + 100'000'000);
  EXPECT_EQ(box.kernel().usage().memory_slowed_ns, 100'000'000);
  box.clock().now += 100'000'000;
  EXPECT_TRUE(box.kernel().ready());
}

TEST(LimitsTest, NewLimitsHoldAtOnceAndTakeNothingAway) {
  TestSandbox box;
  box.program("waiter", [](FakeGuest& g) {
    for (int i = 0; i < 3; ++i)
      if (g.fork() == 0) g.call("rt_sigsuspend", 0x2000, 8);
    EXPECT_EQ(open(g, "/dev/null", kO_RDONLY), 0);
    struct {
      uint64_t soft, hard;
    } mine{10, 20};
    g.store(kFree, mine);
    EXPECT_EQ(g.call("prlimit64", 0, kLimitOpenFiles, kFree, 0), 0);
    g.call("rt_sigsuspend", 0x2000, 8);
  });
  const int32_t pid = box.start("waiter");
  box.settle();
  KernelLimits less = box.kernel().options().limits;
  less.processes = 2;
  less.open_files = 15;
  box.kernel().set_limits(less);
  EXPECT_EQ(box.kernel().all_processes().size(), 4u);  // they live on
  const Process& process = *box.kernel().find(pid);
  EXPECT_EQ(process.limits[kLimitOpenFiles].soft, 10u);  // its own, which is less
  EXPECT_EQ(process.limits[kLimitOpenFiles].hard, 15u);
  EXPECT_EQ(process.limits[kLimitProcesses].soft, 2u);
  box.program("more", [](FakeGuest&) {});
  EXPECT_EQ(box.start("more"), -11);  // EAGAIN
  less.processes = 10;
  box.kernel().set_limits(less);
  EXPECT_GT(box.start("more"), 0);
  box.kernel().kill_all();
}

}  // namespace
}  // namespace cloche::kernel
