// epoll, timerfd, signalfd and pidfd where the conformance cases cannot look: limits, what is
// counted, the virtual clock, host streams, how much a wake costs.
#include "kernel/epoll.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "kernel/io_state.h"
#include "kernel/testing/io_helpers.h"

namespace cloche::kernel::testing {
namespace {

constexpr int32_t kAdd = 1, kRemove = 2, kModify = 3;
constexpr int32_t kEagain = -11, kEinval = -22, kEnfile = -23, kEnospc = -28, kEloop = -40;
constexpr uint32_t kEdgeFlag = 1u << 31, kExclusiveFlag = 1u << 28;
constexpr uint32_t kEventAt = kPathAt, kTimeAt = kPathAt + 64;
constexpr int64_t kMs = 1'000'000;

int32_t control(FakeGuest& g, int32_t set, int32_t operation, int32_t fd, uint32_t events) {
  g.store(kEventAt, EpollEvent{events, 0, static_cast<uint64_t>(fd)});
  return g.call("epoll_ctl", set, operation, fd, kEventAt);
}
int32_t wait(FakeGuest& g, int32_t set, int32_t timeout_ms, int32_t most = 64) {
  return g.call("epoll_pwait", set, kFree, most, timeout_ms, 0, 8);
}
int32_t event_fd(FakeGuest& g) { return g.call("eventfd2", 0, kO_NONBLOCK); }
void signal_event(FakeGuest& g, int32_t fd) {
  g.store<uint64_t>(kTextAt, 1);
  GUEST_CHECK(g.call("write", fd, kTextAt, 8) == 8);
}
int32_t set_timer(FakeGuest& g, int32_t fd, int64_t wait_ns, int64_t interval_ns) {
  constexpr int64_t kSecond = 1'000'000'000;
  g.store(kTimeAt, std::array<int64_t, 4>{interval_ns / kSecond, interval_ns % kSecond,
                                          wait_ns / kSecond, wait_ns % kSecond});
  return g.call("timerfd_settime64", fd, 0, kTimeAt, 0);
}
uint64_t times_out(FakeGuest& g, int32_t fd) {
  return g.call("read", fd, kTextAt, 8) == 8 ? g.load<uint64_t>(kTextAt) : 0;
}

TEST(EpollTest, WatchesAreLimitedAndGivenBack) {
  KernelLimits limits;
  limits.watches = 3;
  TestSandbox box(limits);
  expect_success(box, [&box](FakeGuest& g) {
    const int32_t set = g.call("epoll_create1", 0), first = event_fd(g);
    std::vector<int32_t> fds{first};
    for (int i = 0; i < 3; ++i) fds.push_back(g.call("dup", first));
    for (size_t i = 0; i < 3; ++i) GUEST_CHECK(control(g, set, kAdd, fds[i], 1) == 0);
    GUEST_CHECK(control(g, set, kAdd, fds[3], 1) == kEnospc);
    GUEST_CHECK(control(g, set, kRemove, fds[0], 0) == 0);
    GUEST_CHECK(control(g, set, kAdd, fds[3], 1) == 0);
    // The last descriptor of the file takes all its watches along.
    for (const int32_t fd : fds) g.call("close", fd);
    GUEST_CHECK(g.ask([&box] { return int64_t{box.kernel().io().watches()->used() == 0}; }) == 1);
    const int32_t other = event_fd(g);
    GUEST_CHECK(control(g, set, kAdd, other, 1) == 0);
    GUEST_CHECK(g.call("close", set) == 0);
    g.exit(0);
  });
  EXPECT_EQ(box.kernel().io().watches()->used(), 0u);
  EXPECT_EQ(box.limits_reached, (std::vector<std::string>{"watches.max 2"}));
}

TEST(EpollTest, OneOfTwoExclusiveSetsIsWoken) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const int32_t event = event_fd(g);
    std::vector<int32_t> children;
    for (int i = 0; i < 2; ++i) {
      const int32_t pid = g.fork();
      if (pid == 0) {
        const int32_t set = g.call("epoll_create1", 0);
        GUEST_CHECK(control(g, set, kAdd, event, 1 | kExclusiveFlag) == 0);
        g.exit(wait(g, set, 50) == 1 ? 1 : 0);
      }
      children.push_back(pid);
    }
    for (int i = 0; i < 4; ++i) g.call("sched_yield");
    signal_event(g, event);
    int32_t woken = 0;
    for (const int32_t child : children) {
      int32_t status = 0;
      g.wait(child, &status);
      woken += status >> 8;
    }
    GUEST_CHECK(woken == 1);
    g.exit(0);
  });
}

TEST(EpollTest, ReadyFilesThatAreNotAnyMoreAreScannedInTurns) {
  KernelLimits limits;
  limits.open_files = 20'000;
  TestSandbox box(limits);
  expect_success(box, [](FakeGuest& g) {
    constexpr int kCount = 3 * static_cast<int>(EpollFile::kScanned);
    const int32_t set = g.call("epoll_create1", 0), event = event_fd(g);
    GUEST_CHECK(control(g, set, kAdd, event, 1) == 0);
    for (int i = 1; i < kCount; ++i) control(g, set, kAdd, g.call("dup", event), 1);
    signal_event(g, event);
    GUEST_CHECK(wait(g, set, 0, 5000) == static_cast<int32_t>(EpollFile::kMostEvents));
    GUEST_CHECK(times_out(g, event) == 1);
    GUEST_CHECK(wait(g, set, 0) == 0);  // three turns
    signal_event(g, event);
    GUEST_CHECK(wait(g, set, -1) == 64);
    g.exit(0);
  });
}

TEST(EpollTest, SetsInSetsAreLimited) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const int32_t outer = g.call("epoll_create1", 0), inner = g.call("epoll_create1", 0);
    int32_t added = 0, result = 0;
    while (added < 2000) {
      const int32_t fd = g.call("dup", inner);
      if (fd < 0) break;
      result = control(g, outer, kAdd, fd, 1);
      if (result != 0) break;
      ++added;
    }
    GUEST_CHECK(added > 1000 && (result == kEnospc || added < 1024));
    GUEST_CHECK(control(g, inner, kAdd, outer, 1) == kEloop);
    g.exit(0);
  });
}

// Five levels of sets that all watch each other: 8^4 ways lead from the event to the top.
TEST(EpollTest, AWakeTakesEachSetOnceForEachLevel) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    constexpr int kWidth = 8, kLevels = 5;
    const int32_t event = event_fd(g);
    std::vector<int32_t> below{event};
    for (int level = 0; level < kLevels; ++level) {
      std::vector<int32_t> sets;
      for (int i = 0; i < kWidth; ++i) {
        sets.push_back(g.call("epoll_create1", 0));
        for (const int32_t fd : below) GUEST_CHECK(control(g, sets.back(), kAdd, fd, 1) == 0);
      }
      below = sets;
    }
    signal_event(g, event);
    for (const int32_t set : below) GUEST_CHECK(wait(g, set, 0) == kWidth);
    GUEST_CHECK(times_out(g, event) == 1);
    for (const int32_t set : below) GUEST_CHECK(wait(g, set, 0) == 0);
    g.exit(0);
  });
}

TEST(EpollTest, AHostStreamIsPolledUntilItIsKnownToBeReady) {
  TestSandbox box;
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  box.program("watch", [](FakeGuest& g) {
    const int32_t set = g.call("epoll_create1", 0);
    GUEST_CHECK(control(g, set, kAdd, 0, 1 | kEdgeFlag) == 0);
    GUEST_CHECK(wait(g, set, -1) == 1);
    g.say("first");
    GUEST_CHECK(wait(g, set, 10) == 0);  // it was told, and has not read
    GUEST_CHECK(read(g, 0, 1) == "a");
    GUEST_CHECK(wait(g, set, -1) == 1);
    g.say("second");
    g.exit(0);
  });
  StartOptions options;
  options.path = "/bin/watch";
  options.cwd = "/home";
  options.files = {{0, host_input(box.kernel(), fds[0])}};
  const auto pid = box.kernel().start(std::move(options));
  ASSERT_TRUE(pid.ok());
  HostPoller& host = box.kernel().io().host();
  EXPECT_EQ(box.settle(), Kernel::Idle::kWaiting);
  ASSERT_EQ(host.waits().size(), 1u);
  EXPECT_EQ(::write(fds[1], "ab", 2), 2);
  host.ready(fds[0]);
  EXPECT_EQ(box.settle(), Kernel::Idle::kWaiting);
  EXPECT_EQ(box.said(), std::vector<std::string>{"first"});
  EXPECT_TRUE(host.waits().empty()) << "a stream that is ready must not keep its host busy";
  box.clock().now += 20 * kMs;
  EXPECT_EQ(box.settle(), Kernel::Idle::kWaiting);
  ASSERT_EQ(host.waits().size(), 1u);
  host.ready(fds[0]);
  EXPECT_EQ(box.run(*pid), 0);
  EXPECT_EQ(box.said().back(), "second");
  ::close(fds[0]);
  ::close(fds[1]);
}

TEST(TimerFileTest, TimersAreLimitedAndGivenBack) {
  KernelLimits limits;
  limits.timers = 3;
  TestSandbox box(limits);
  expect_success(box, [](FakeGuest& g) {
    const int32_t first = g.call("timerfd_create", 1, 0);
    GUEST_CHECK(first >= 0 && g.call("timerfd_create", 1, 0) >= 0);
    GUEST_CHECK(g.call("timer_create", 1, 0, kFree) == 0);
    GUEST_CHECK(g.call("timerfd_create", 1, 0) == kEnfile);
    GUEST_CHECK(g.call("timer_create", 1, 0, kFree + 4) == kEagain);
    GUEST_CHECK(g.call("timer_create", 1, 0, -8) == kEagain);
    GUEST_CHECK(g.call("timer_delete", g.load<int32_t>(kFree)) == 0);
    GUEST_CHECK(g.call("timerfd_create", 1, 0) >= 0);
    GUEST_CHECK(g.call("close", first) == 0);
    GUEST_CHECK(g.call("timer_create", 1, 0, -8) == -14);  // a bad address takes none
    GUEST_CHECK(g.call("timer_create", 1, 0, kFree) == 0);
    g.exit(0);
  });
  EXPECT_EQ(box.kernel().io().timers()->used(), 0u);
  EXPECT_EQ(box.limits_reached.front(), "timers.max 2");
}

TEST(TimerFileTest, CountsWhatWasMissedByTheVirtualClock) {
  TestSandbox box;
  expect_success(box, [&box](FakeGuest& g) {
    const int32_t fd = g.call("timerfd_create", 1, kO_NONBLOCK);
    GUEST_CHECK(set_timer(g, fd, 10 * kMs, 10 * kMs) == 0);
    g.ask([&box] { return box.clock().now += 35 * kMs; });
    g.call("sched_yield");
    GUEST_CHECK(times_out(g, fd) == 3);
    GUEST_CHECK(times_out(g, fd) == 0);
    GUEST_CHECK(g.call("timerfd_gettime64", fd, kTimeAt) == 0);
    const auto left = g.load<int64_t>(kTimeAt + 24);
    GUEST_CHECK(left > 0 && left <= 5 * kMs);
    g.exit(0);
  });
}

// Who may know milliseconds only cannot count nanoseconds by a fast timer.
TEST(TimerFileTest, IsAsCoarseAsTheClockOfTheGuest) {
  TestSandbox box({}, nullptr, 10 * kMs);
  expect_success(box, [&box](FakeGuest& g) {
    const int32_t fd = g.call("timerfd_create", 1, kO_NONBLOCK);
    g.ask([&box] { return box.clock().now = 1000 * kMs; });
    GUEST_CHECK(set_timer(g, fd, 1, 1) == 0);
    g.ask([&box] { return box.clock().now += 7 * kMs; });
    g.call("sched_yield");
    GUEST_CHECK(times_out(g, fd) == 0);
    g.ask([&box] { return box.clock().now += 7 * kMs; });
    g.call("sched_yield");
    GUEST_CHECK(times_out(g, fd) == 1);
    g.call("sched_yield");
    GUEST_CHECK(times_out(g, fd) == 0);
    g.ask([&box] { return box.clock().now += 13 * kMs; });
    g.call("sched_yield");
    GUEST_CHECK(times_out(g, fd) == 10 * kMs);
    g.exit(0);
  });
}

TEST(SignalFileTest, SignalsOfOneThreadAndItsProcess) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    g.store<uint64_t>(kFree, uint64_t{1} << 9 | uint64_t{1} << 11);  // USR1, USR2
    GUEST_CHECK(g.call("rt_sigprocmask", 0, kFree, 0, 8) == 0);
    GUEST_CHECK(g.call("signalfd4", -1, kFree, 4, 0) == kEinval);
    const int32_t fd = g.call("signalfd4", -1, kFree, 8, kO_NONBLOCK);
    const int32_t self = g.call("getpid");
    GUEST_CHECK(g.call("kill", self, 12) == 0);
    GUEST_CHECK(g.call("tkill", self, 10) == 0);
    GUEST_CHECK(g.call("read", fd, kFree + 64, 127) == kEinval);
    GUEST_CHECK(g.call("read", fd, kFree + 64, 300) == 256);
    GUEST_CHECK(g.load<uint32_t>(kFree + 64) == 10);  // the thread's own first
    GUEST_CHECK(g.load<uint32_t>(kFree + 64 + 128) == 12);
    GUEST_CHECK(g.call("read", fd, kFree + 64, 300) == kEagain);
    g.exit(0);
  });
}

TEST(ProcessFileTest, OutlivesTheProcess) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const int32_t child = g.fork();
    if (child == 0) g.exit(0);
    const int32_t fd = g.call("pidfd_open", child, 0), set = g.call("epoll_create1", 0);
    GUEST_CHECK(control(g, set, kAdd, fd, 1 | kEdgeFlag) == 0);
    GUEST_CHECK(wait(g, set, -1) == 1);
    GUEST_CHECK(wait(g, set, 0) == 0);
    int32_t status = 1;
    g.wait(child, &status);
    GUEST_CHECK(wait(g, set, 0) == 1);  // hang-up: nobody can wait for it any more
    GUEST_CHECK(g.call("pidfd_send_signal", fd, 9, 0, 0) == -3);
    GUEST_CHECK(g.call("pidfd_open", child, 0) == -3);
    GUEST_CHECK(control(g, set, kModify, fd, 1) == 0);
    g.exit(0);
  });
}

}  // namespace
}  // namespace cloche::kernel::testing
