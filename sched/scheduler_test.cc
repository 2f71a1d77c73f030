#include "sched/scheduler.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <random>
#include <thread>

namespace cloche::sched {
namespace {

using Then = Outcome::Then;

constexpr int64_t kMs = 1'000'000;

// A task that does what a function says. Counts its turns and CHECKs that it is never in two.
class TestTask final : public Task {
 public:
  explicit TestTask(std::function<Outcome(Turn&)> body) : body_(std::move(body)) {}

  Outcome run(Turn& turn) noexcept override {
    CHECK(!inside_.exchange(true));
    ++turns_;
    const Outcome outcome = body_(turn);
    CHECK(inside_.exchange(false));
    return outcome;
  }
  int turns() const { return turns_; }

 private:
  std::function<Outcome(Turn&)> body_;
  std::atomic<bool> inside_{false};
  std::atomic<int> turns_{0};
};

// Computes until it is to stop, as a guest does.
Outcome compute(Turn& turn) {
  HostClock clock;
  const int64_t end = clock.cpu_ns() + turn.slice_ns();
  while (!turn.should_yield() && clock.cpu_ns() < end) {
  }
  return {Then::kReady};
}

Outcome sleep_for(int64_t ns) {
  HostClock clock;
  return {Then::kSleep, clock.monotonic_ns() + ns};
}

void wait_until(const std::function<bool()>& condition) {
  while (!condition()) std::this_thread::sleep_for(std::chrono::microseconds(200));
}

class SchedulerTest : public testing::Test {
 protected:
  std::unique_ptr<Scheduler> make(unsigned workers, unsigned workers_per_crew = 8) {
    return Scheduler::create(
               {.workers = workers, .workers_per_crew = workers_per_crew, .clock = &clock_})
        .value();
  }
  HostClock clock_;
};

TEST_F(SchedulerTest, HasOneWorkerForEachCpu) {
  auto scheduler = make(0);
  EXPECT_EQ(scheduler->workers(), CpuSet::of_this_thread().list().size());
  EXPECT_EQ(scheduler->cpus(), CpuSet::of_this_thread());
}

TEST_F(SchedulerTest, RunsATaskToItsEnd) {
  auto scheduler = make(2);
  TestTask task([](Turn& turn) {
    EXPECT_GT(turn.slice_ns(), 0);
    return Outcome{Then::kDone};
  });
  TaskHandle handle = scheduler->add(task, {}).value();
  handle.join();
  EXPECT_TRUE(handle.done());
  EXPECT_EQ(task.turns(), 1);
  EXPECT_EQ(handle.usage().switches, 1u);
  handle.wake();    // too late, and harmless
  handle.remove();  // as well
}

TEST_F(SchedulerTest, SleepsUntilItsDeadline) {
  auto scheduler = make(2);
  TestTask task(
      [&task](Turn&) { return task.turns() == 1 ? sleep_for(20 * kMs) : Outcome{Then::kDone}; });
  const int64_t start = clock_.monotonic_ns();
  scheduler->add(task, {}).value().join();
  EXPECT_GE(clock_.monotonic_ns() - start, 20 * kMs);
}

TEST_F(SchedulerTest, SleepsUntilItIsWoken) {
  auto scheduler = make(2);
  std::atomic<bool> finish{false};
  TestTask task([&finish](Turn&) { return Outcome{finish ? Then::kDone : Then::kSleep}; });
  TaskHandle handle = scheduler->add(task, {}).value();
  wait_until([&task] { return task.turns() == 1; });
  EXPECT_FALSE(handle.done());
  finish = true;
  handle.wake();
  handle.join();
}

TEST_F(SchedulerTest, SleepsUntilADescriptorIsReady) {
  auto scheduler = make(2);
  const int fd = eventfd(0, EFD_NONBLOCK);
  const FdWait wait{fd, POLLIN};
  TestTask task([fd, &wait](Turn&) {
    uint64_t count;
    if (read(fd, &count, sizeof count) == sizeof count) return Outcome{Then::kDone};
    return Outcome{Then::kSleep, kNever, {&wait, 1}};
  });
  TaskHandle handle = scheduler->add(task, {}).value();
  wait_until([&task] { return task.turns() >= 1; });
  const uint64_t one = 1;
  ASSERT_EQ(write(fd, &one, sizeof one), static_cast<ssize_t>(sizeof one));
  handle.join();
  close(fd);
}

TEST_F(SchedulerTest, RemoveWaitsForTheTurnUnderWay) {
  auto scheduler = make(1);
  TestTask task(compute);
  TaskHandle handle = scheduler->add(task, {}).value();
  wait_until([&task] { return task.turns() > 0; });
  handle.remove();
  const int turns = task.turns();
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(task.turns(), turns);
}

// Which looks only when it is told to, as a guest between two ticks.
TEST_F(SchedulerTest, ATurnThatShallYieldIsProdded) {
  std::atomic<int> prods{0};
  auto scheduler =
      Scheduler::create({.workers = 1,
                         .clock = &clock_,
                         .prod = [](void* env) noexcept { ++*static_cast<std::atomic<int>*>(env); },
                         .prod_env = &prods})
          .value();
  TestTask busy([this, &prods](Turn& turn) {
    const int64_t at_most = clock_.monotonic_ns() + 10'000 * kMs;
    while (prods == 0 && clock_.monotonic_ns() < at_most) {
    }
    EXPECT_TRUE(turn.should_yield());
    return Outcome{Then::kReady};
  });
  TaskHandle handle = scheduler->add(busy, {}).value();
  wait_until([&busy] { return busy.turns() > 0; });
  EXPECT_EQ(prods, 0);
  handle.remove();
  EXPECT_EQ(prods, 1);
}

TEST_F(SchedulerTest, RemoveEndsASleepForADescriptor) {
  auto scheduler = make(1);
  const int fd = eventfd(0, EFD_NONBLOCK);
  const FdWait wait{fd, POLLIN};
  TestTask task([&wait](Turn&) { return Outcome{Then::kSleep, kNever, {&wait, 1}}; });
  TaskHandle handle = scheduler->add(task, {}).value();
  wait_until([&task] { return task.turns() == 1; });
  handle.remove();
  close(fd);
}

TEST_F(SchedulerTest, RunsOnlyOnItsCpus) {
  const std::vector<unsigned> cpus = CpuSet::of_this_thread().list();
  auto scheduler = make(0);
  Share share;
  share.cpus.add(cpus.back());
  std::atomic<bool> strayed{false};
  TestTask task([&](Turn& turn) {
    if (sched_getcpu() != static_cast<int>(cpus.back())) strayed = true;
    compute(turn);
    if (sched_getcpu() != static_cast<int>(cpus.back())) strayed = true;
    return Outcome{task.turns() == 20 ? Then::kDone : Then::kReady};
  });
  scheduler->add(task, share).value().join();
  EXPECT_FALSE(strayed);
}

TEST_F(SchedulerTest, SharesOutOfRangeAreErrors) {
  auto scheduler = make(1);
  TestTask task(compute);
  const auto code = [&](const Share& share) { return scheduler->add(task, share).error().code; };
  Share nowhere;
  nowhere.cpus.add(CpuSet::kCpus - 1);
  EXPECT_EQ(code(nowhere), Code::kInvalidArgument);
  EXPECT_EQ(code({.weight = 0}), Code::kInvalidArgument);
  EXPECT_EQ(code({.slice_ns = 0}), Code::kInvalidArgument);
  EXPECT_EQ(code({.quota = Quota{0, 100 * kMs}}), Code::kInvalidArgument);
  EXPECT_EQ(Scheduler::create({}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(Scheduler::create({.workers = 5000, .clock = &clock_}).error().code,
            Code::kInvalidArgument);
}

// Stacks of 64 TiB.
TEST_F(SchedulerTest, NoRoomForThreadsIsAnError) {
  pthread_attr_t before, huge;
  ASSERT_EQ(pthread_getattr_default_np(&before), 0);
  ASSERT_EQ(pthread_getattr_default_np(&huge), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&huge, size_t{1} << 46), 0);
  ASSERT_EQ(pthread_setattr_default_np(&huge), 0);
  const auto made = Scheduler::create({.workers = 2, .clock = &clock_});
  ASSERT_EQ(pthread_setattr_default_np(&before), 0);
  EXPECT_EQ(made.error().code, Code::kResourceExhausted);
}

TEST_F(SchedulerTest, GroupsNestUpToABound) {
  auto scheduler = make(1);
  std::vector<GroupHandle> groups = {scheduler->add_group({}).value()};
  for (uint32_t depth = 1; depth < kMaxDepth; ++depth)
    groups.push_back(scheduler->add_group({}, &groups.back()).value());
  EXPECT_EQ(scheduler->add_group({}, &groups.back()).error().code, Code::kInvalidArgument);
  TestTask task([](Turn&) { return Outcome{Then::kDone}; });
  scheduler->add(task, {}, &groups.back()).value().join();
  EXPECT_EQ(groups.front().usage().switches, 1u);
}

TEST_F(SchedulerTest, WorkOfTheHostIsKeptApart) {
  auto scheduler = make(1);
  TestTask task([this](Turn& turn) {
    const Turn::HostWork work(turn);
    const int64_t end = clock_.cpu_ns() + 5 * kMs;
    while (clock_.cpu_ns() < end) {
    }
    return Outcome{Then::kDone};
  });
  TaskHandle handle = scheduler->add(task, {}).value();
  handle.join();
  EXPECT_GE(handle.usage().host_ns, 5 * kMs);
  EXPECT_LT(handle.usage().cpu_ns, 5 * kMs);
}

TEST_F(SchedulerTest, TimeOfOtherThreadsIsADebt) {
  auto scheduler = make(1);
  TestTask task([&task](Turn& turn) {
    if (task.turns() > 1) return Outcome{Then::kDone};
    turn.add_guest_time(30 * kMs);  // six periods' worth
    return Outcome{};
  });
  const int64_t start = clock_.monotonic_ns();
  TaskHandle handle = scheduler->add(task, {.quota = Quota{5 * kMs, 10 * kMs}}).value();
  handle.join();
  EXPECT_GE(handle.usage().cpu_ns, 30 * kMs);
  EXPECT_GE(clock_.monotonic_ns() - start, 45 * kMs);
}

TEST_F(SchedulerTest, PausedItDoesNotRun) {
  auto scheduler = make(2);
  GroupHandle group = scheduler->add_group({}).value();
  TestTask task(compute);
  TaskHandle handle = scheduler->add(task, {}, &group).value();
  wait_until([&task] { return task.turns() > 0; });
  group.pause();
  int64_t used;
  do {
    used = handle.usage().cpu_ns;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  } while (handle.usage().cpu_ns != used);  // the turn that was under way
  const int turns = task.turns();
  handle.wake();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(task.turns(), turns);
  group.resume();
  wait_until([&] { return task.turns() > turns; });
  handle.remove();
}

// What turns and holders touch needs no lock of its own: ThreadSanitizer watches `shared`.
TEST_F(SchedulerTest, AHoldIsBetweenTurns) {
  auto scheduler = make(2);
  int64_t shared = 0;
  TestTask task([&shared](Turn& turn) {
    ++shared;
    return compute(turn);
  });
  TaskHandle handle = scheduler->add(task, {}).value();
  constexpr int kHolds = 50;
  const auto hold = [&] {
    for (int i = 0; i < kHolds; ++i) {
      const TaskHandle::Hold held(handle);
      const int64_t before = ++shared;
      std::this_thread::sleep_for(std::chrono::microseconds(100));
      EXPECT_EQ(shared, before);
    }
  };
  std::thread other(hold);
  hold();
  other.join();
  handle.remove();
  EXPECT_EQ(shared, task.turns() + 2 * kHolds);
  const TaskHandle::Hold held(handle);  // it is done, which is no obstacle
}

TEST_F(SchedulerTest, AHoldDoesNotResumeWhatIsPaused) {
  auto scheduler = make(1);
  TestTask task(compute);
  TaskHandle handle = scheduler->add(task, {}).value();
  handle.pause();
  {
    const TaskHandle::Hold held(handle);
  }
  const int turns = task.turns();
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(task.turns(), turns);
  handle.resume();
  wait_until([&] { return task.turns() > turns; });
  handle.remove();
}

TEST_F(SchedulerTest, WhatIsHeldCanBeRemoved) {
  auto scheduler = make(1);
  TestTask task(compute);
  TaskHandle handle = scheduler->add(task, {}).value();
  const TaskHandle::Hold held(handle);
  handle.remove();
  EXPECT_TRUE(handle.done());
}

TEST_F(SchedulerTest, AQuotaThrottles) {
  auto scheduler = make(2);
  TestTask task(compute);
  TaskHandle handle = scheduler->add(task, {.quota = Quota{2 * kMs, 20 * kMs}}).value();
  wait_until([&handle] { return handle.usage().throttles >= 3; });
  ASSERT_TRUE(handle.set_quota(std::nullopt).ok());
  const uint64_t throttles = handle.usage().throttles;
  const int turns = task.turns();
  wait_until([&] { return task.turns() > turns + 5; });
  EXPECT_EQ(handle.usage().throttles, throttles);
  handle.remove();
}

// Crews of one worker each: what waits in one is pulled by the other.
TEST_F(SchedulerTest, AnIdleCrewPullsWork) {
  auto scheduler = make(2, 1);
  std::vector<std::unique_ptr<TestTask>> tasks;
  std::vector<TaskHandle> handles;
  for (int i = 0; i < 8; ++i) {
    tasks.push_back(std::make_unique<TestTask>(compute));
    handles.push_back(scheduler->add(*tasks.back(), {}).value());
  }
  // All that one of the crews has leaves; then tasks of the other move there, and move on.
  for (int i = 0; i < 8; i += 2) handles[static_cast<size_t>(i)].remove();
  std::vector<int> before;
  for (const auto& task : tasks) before.push_back(task->turns());
  for (size_t i = 1; i < 8; i += 2) wait_until([&] { return tasks[i]->turns() > before[i] + 3; });
  for (TaskHandle& handle : handles) handle.remove();
}

// 64 tasks, storms of wake-ups, settings that change, tasks removed while they run; with one crew
// and with two. TestTask CHECKs that none is in two turns at once; a lost wake-up hangs.
TEST_F(SchedulerTest, WithstandsStorms) {
  for (const unsigned workers_per_crew : {8u, 2u}) {
    auto scheduler = make(4, workers_per_crew);
    std::vector<GroupHandle> groups;
    for (int i = 0; i < 4; ++i)
      groups.push_back(scheduler->add_group({}, i % 2 ? &groups.back() : nullptr).value());
    struct Actor {
      std::atomic<int> asked{0}, answered{0};
      std::unique_ptr<TestTask> task;
      std::optional<TaskHandle> handle;
    };
    std::vector<std::unique_ptr<Actor>> actors;
    for (size_t i = 0; i < 64; ++i) {
      auto actor = std::make_unique<Actor>();
      actor->task = std::make_unique<TestTask>([actor = actor.get(), i](Turn&) {
        actor->answered.store(actor->asked.load());
        if (i % 8 == 0) return Outcome{Then::kReady};
        if (i % 8 == 1) return sleep_for(static_cast<int64_t>(i) * 10'000);
        return Outcome{Then::kSleep};
      });
      actor->handle = scheduler->add(*actor->task, {}, i % 3 ? &groups[i % 4] : nullptr).value();
      actors.push_back(std::move(actor));
    }
    const auto storm = [&](uint32_t seed) {
      std::mt19937 random(seed);
      for (int i = 0; i < 20'000; ++i) {
        Actor& actor = *actors[random() % actors.size()];
        ++actor.asked;
        actor.handle->wake();
        if (random() % 64 == 0)
          actor.handle->set_weight(kMinWeight + static_cast<Weight>(random() % 4000));
        if (random() % 256 == 0) groups[random() % 4].pause();
        if (random() % 64 == 0) groups[random() % 4].resume();
        if (random() % 512 == 0) (void)actor.handle->set_quota(Quota{kMs, 2 * kMs}).ok();
        if (random() % 64 == 0) (void)actor.handle->usage();
        if (random() % 512 == 0) const TaskHandle::Hold held(*actor.handle);
      }
    };
    std::vector<std::thread> threads;
    for (uint32_t seed = 1; seed <= 3; ++seed) threads.emplace_back(storm, seed);
    for (std::thread& thread : threads) thread.join();
    for (GroupHandle& group : groups) group.resume();
    // Each wake-up was followed by a turn that saw what was written before it.
    for (const auto& actor : actors)
      wait_until([&actor] { return actor->answered == actor->asked; });
    for (const auto& actor : actors)
      threads.push_back(std::thread([&actor] { actor->handle->remove(); }));
    for (size_t i = 3; i < threads.size(); ++i) threads[i].join();
    for (const auto& actor : actors) EXPECT_TRUE(actor->handle->done());
  }
}

// Tasks end by themselves while others remove and wake them.
TEST_F(SchedulerTest, RemoveRacesWithTheEnd) {
  auto scheduler = make(2);
  for (int i = 0; i < 500; ++i) {
    TestTask task(
        [&task](Turn&) { return Outcome{task.turns() == 3 ? Then::kDone : Then::kReady}; });
    TaskHandle handle = scheduler->add(task, {}).value();
    std::thread waker([handle]() mutable {
      for (int n = 0; n < 20; ++n) handle.wake();
    });
    if (i % 2)
      handle.remove();
    else
      handle.join();
    EXPECT_TRUE(handle.done());
    waker.join();
  }
}

}  // namespace
}  // namespace cloche::sched
