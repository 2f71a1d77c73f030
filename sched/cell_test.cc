#include "sched/cell.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <random>

#include "sched/testing/simulation.h"

namespace cloche::sched {
namespace {

using SimTask = Simulation::SimTask;

// CPU i is that of worker i.
CpuSet cpus(WorkerMask mask) {
  CpuSet set;
  for (unsigned i = 0; i < kMaxWorkers; ++i)
    if (mask & bit_of(i)) set.add(i);
  return set;
}

double share(const SimTask& task, int64_t of) {
  return static_cast<double>(task.cpu()) / static_cast<double>(of);
}

int64_t percentile(std::vector<int64_t> values, double p) {
  CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(p * static_cast<double>(values.size() - 1))];
}

int64_t cpu_of(const std::vector<SimTask*>& tasks) {
  int64_t sum = 0;
  for (const SimTask* task : tasks) sum += task->cpu();
  return sum;
}

// Each within 3 % of its share of `total`, by weight.
void expect_shares(const std::vector<SimTask*>& tasks, int64_t total) {
  double weights = 0;
  for (const SimTask* task : tasks) weights += task->node.weight();
  for (const SimTask* task : tasks) {
    const double due = static_cast<double>(total) * task->node.weight() / weights;
    EXPECT_NEAR(static_cast<double>(task->cpu()) / due, 1, 0.03) << task->node.weight();
  }
}

TEST(Cell, WeightsShareOneWorker) {
  Simulation sim(1);
  const std::vector<SimTask*> tasks = {&sim.add(busy(), 1024), &sim.add(busy(), 2048),
                                       &sim.add(busy(), 4096)};
  sim.run_until(5 * kSecond);
  expect_shares(tasks, 5 * kSecond);
  EXPECT_EQ(sim.idle_ns, 0);
}

TEST(Cell, WeightsShareTwoWorkersWhenNobodyIsPinned) {
  for (const int64_t tick : {int64_t{1}, kMs}) {
    Simulation sim(2, tick);
    std::vector<SimTask*> tasks;
    for (int i = 0; i < 4; ++i)
      for (const Weight weight : {1024u, 2048u, 4096u}) tasks.push_back(&sim.add(busy(), weight));
    sim.run_until(5 * kSecond);
    expect_shares(tasks, 10 * kSecond);
    EXPECT_EQ(sim.idle_ns, 0);
  }
}

TEST(Cell, ThreeEqualTasksShareTwoWorkers) {
  Simulation sim(2, kMs);
  const std::vector<SimTask*> tasks = {&sim.add(busy()), &sim.add(busy()), &sim.add(busy())};
  sim.run_until(5 * kSecond);
  expect_shares(tasks, 10 * kSecond);
}

// A share beyond one worker cannot be used; the rest is shared by weight as if it were not there.
TEST(Cell, WhoWantsMoreThanAWorkerHasGetsOneWhole) {
  Simulation sim(2);
  SimTask& one = sim.add(busy(), 1024);
  SimTask& two = sim.add(busy(), 2048);
  SimTask& heavy = sim.add(busy(), 16 * 1024);
  sim.run_until(6 * kSecond);
  EXPECT_GT(share(heavy, 6 * kSecond), 0.999);
  EXPECT_NEAR(share(one, 6 * kSecond), 1.0 / 3, 0.01);
  EXPECT_NEAR(share(two, 6 * kSecond), 2.0 / 3, 0.02);
  // What it could not use gives it no claim later on.
  sim.cell.set_weight(heavy.node, 1024);
  const int64_t before = heavy.cpu();
  sim.run_for(kSecond);
  EXPECT_NEAR(static_cast<double>(heavy.cpu() - before) / kSecond, 0.5, 0.03);
}

TEST(Cell, GroupsShareByTheirOwnWeight) {
  Simulation sim(1);
  GroupNode& many = sim.add_group();
  GroupNode& single = sim.add_group();
  const std::vector<SimTask*> three = {&sim.add(busy(), 1024, &many), &sim.add(busy(), 1024, &many),
                                       &sim.add(busy(), 2048, &many)};
  SimTask& alone = sim.add(busy(), 1024, &single);
  sim.run_until(5 * kSecond);
  EXPECT_NEAR(share(alone, 5 * kSecond), 0.5, 0.01);
  expect_shares(three, 5 * kSecond / 2);
}

TEST(Cell, AGroupMayRunOnSeveralWorkers) {
  Simulation sim(4, kMs);
  GroupNode& many = sim.add_group(nullptr, 3072);
  GroupNode& few = sim.add_group(nullptr, 1024);
  std::vector<SimTask*> in_many, in_few;
  for (int i = 0; i < 12; ++i) in_many.push_back(&sim.add(busy(), 1024, &many));
  for (int i = 0; i < 4; ++i) in_few.push_back(&sim.add(busy(), 1024, &few));
  sim.run_until(5 * kSecond);
  EXPECT_NEAR(static_cast<double>(cpu_of(in_many)) / static_cast<double>(15 * kSecond), 1, 0.03);
  expect_shares(in_many, 15 * kSecond);
  expect_shares(in_few, 5 * kSecond);
}

TEST(Cell, GroupsNest) {
  Simulation sim(2);
  GroupNode& outer = sim.add_group();
  GroupNode& inner = sim.add_group(&outer);
  std::vector<SimTask*> deep, shallow, other;
  for (int i = 0; i < 2; ++i) {
    deep.push_back(&sim.add(busy(), 1024, &inner));
    shallow.push_back(&sim.add(busy(), 1024, &outer));
    other.push_back(&sim.add(busy()));
  }
  sim.run_until(9 * kSecond);
  // At the top three of equal weight: the group and two tasks. In the group three: two and a group.
  EXPECT_NEAR(static_cast<double>(cpu_of(other)) / static_cast<double>(12 * kSecond), 1, 0.01);
  EXPECT_NEAR(static_cast<double>(cpu_of(shallow)) / static_cast<double>(4 * kSecond), 1, 0.02);
  EXPECT_NEAR(static_cast<double>(cpu_of(deep)) / static_cast<double>(2 * kSecond), 1, 0.02);
}

TEST(Cell, AQuotaHoldsToOnePercent) {
  for (const bool contended : {false, true}) {
    Simulation sim(2, kMs);
    SimTask& limited = sim.add(busy());
    sim.cell.set_quota(limited.node, Quota{25 * kMs, 100 * kMs}, sim.now);
    if (contended)
      for (int i = 0; i < 3; ++i) sim.add(busy());
    sim.run_until(5 * kSecond);
    EXPECT_NEAR(share(limited, 5 * kSecond), 0.25, 0.01);
    const Usage usage = sim.cell.usage(limited.node, sim.now);
    EXPECT_GT(usage.throttles, 40u);
    if (!contended) {
      EXPECT_NEAR(static_cast<double>(usage.throttled_ns) / (5 * kSecond), 0.75, 0.01);
    }
  }
}

// Ticks far coarser than the quota: the overrun is a debt.
TEST(Cell, AQuotaBelowATickHolds) {
  Simulation sim(1, 5 * kMs);
  SimTask& limited = sim.add(busy());
  sim.cell.set_quota(limited.node, Quota{kMs, 20 * kMs}, sim.now);
  sim.run_until(10 * kSecond);
  EXPECT_NEAR(share(limited, 10 * kSecond), 0.05, 0.002);
}

TEST(Cell, AGroupsQuotaBindsAllInIt) {
  Simulation sim(4, kMs);
  GroupNode& group = sim.add_group();
  sim.cell.set_quota(group, Quota{50 * kMs, 100 * kMs}, sim.now);
  std::vector<SimTask*> tasks;
  for (int i = 0; i < 5; ++i) tasks.push_back(&sim.add(busy(), 1024, &group));
  SimTask& free = sim.add(busy());
  sim.run_until(10 * kSecond);
  EXPECT_NEAR(static_cast<double>(cpu_of(tasks)) / (10 * kSecond), 0.5, 0.005);
  // When the group is refilled, it is behind and may take all four workers for a slice.
  EXPECT_GT(share(free, 10 * kSecond), 0.97);
  EXPECT_EQ(sim.cell.usage(group, sim.now).cpu_ns, cpu_of(tasks));
}

TEST(Cell, AQuotaAboveAWorkerLetsAGroupUseTwo) {
  Simulation sim(4, kMs);
  GroupNode& group = sim.add_group();
  sim.cell.set_quota(group, Quota{150 * kMs, 100 * kMs}, sim.now);
  std::vector<SimTask*> tasks;
  for (int i = 0; i < 4; ++i) tasks.push_back(&sim.add(busy(), 1024, &group));
  sim.run_until(5 * kSecond);
  EXPECT_NEAR(static_cast<double>(cpu_of(tasks)) / (5 * kSecond), 1.5, 0.015);
}

TEST(Cell, AQuotaCanBeChangedAndLifted) {
  Simulation sim(1, kMs);
  SimTask& task = sim.add(busy());
  sim.cell.set_quota(task.node, Quota{10 * kMs, 1000 * kMs}, sim.now);
  sim.run_for(100 * kMs);
  EXPECT_EQ(task.cpu(), 10 * kMs);
  sim.cell.set_quota(task.node, std::nullopt, sim.now);
  sim.obey();
  sim.run_for(kSecond);
  sim.cell.set_quota(task.node, Quota{20 * kMs, 100 * kMs}, sim.now);
  sim.obey();
  const int64_t before = task.cpu();
  EXPECT_GT(before, kSecond);
  sim.run_for(kSecond);
  EXPECT_NEAR(static_cast<double>(task.cpu() - before) / kSecond, 0.2, 0.02);
}

// A group's debt outlives the tasks that made it.
TEST(Cell, AQuotaIsNotRenewedByLeavingAndComingBack) {
  Simulation sim(1, kMs);
  GroupNode& group = sim.add_group();
  sim.cell.set_quota(group, Quota{10 * kMs, 100 * kMs}, sim.now);
  int64_t used = 0;
  for (int i = 0; i < 500; ++i) {
    SimTask& task = sim.add([] { return Step{5 * kMs, kNever}; }, 1024, &group);
    do sim.run_for(10 * kMs);
    while (task.node.state == TaskNode::State::kRunning);
    used += task.cpu();
    sim.remove(task);
  }
  EXPECT_NEAR(static_cast<double>(used) / static_cast<double>(sim.now), 0.1, 0.002);
}

TEST(Cell, CpusetsAreKept) {
  Simulation sim(2, kMs);
  SimTask& zero = sim.add(busy());
  SimTask& one = sim.add(busy());
  SimTask& both = sim.add(busy());
  sim.cell.set_cpus(zero.node, cpus(1), sim.now);
  sim.cell.set_cpus(one.node, cpus(2), sim.now);
  sim.obey();
  sim.run_until(3 * kSecond);
  EXPECT_EQ(zero.cpu_on.count(1), 0u);
  // It ran there before its set was given.
  EXPECT_LE(one.cpu_on[0], kMs);
  expect_shares({&zero, &one, &both}, 6 * kSecond);
}

TEST(Cell, DisjointCpusetsShareEachTheirOwnWorker) {
  Simulation sim(2, kMs);
  std::vector<SimTask*> on_zero, on_one;
  for (int i = 0; i < 2; ++i) on_zero.push_back(&sim.add(busy(), i ? 2048 : 1024));
  for (int i = 0; i < 10; ++i) on_one.push_back(&sim.add(busy(), 1024));
  for (SimTask* task : on_zero) sim.cell.set_cpus(task->node, cpus(1), sim.now);
  for (SimTask* task : on_one) sim.cell.set_cpus(task->node, cpus(2), sim.now);
  sim.obey();
  sim.run_until(10 * kSecond);
  expect_shares(on_zero, 10 * kSecond);
  expect_shares(on_one, 10 * kSecond);
  // The two are far ahead of the ten. Whoever joins them shares with them, not after them.
  SimTask& late = sim.add(busy());
  sim.cell.set_cpus(late.node, cpus(1), sim.now);
  sim.run_for(kSecond);
  EXPECT_NEAR(static_cast<double>(late.cpu()) / kSecond, 0.25, 0.1);
}

TEST(Cell, AGroupsCpusetBoundsItsTasks) {
  Simulation sim(4, kMs);
  GroupNode& group = sim.add_group();
  SimTask& any = sim.add(busy(), 1024, &group);
  SimTask& second = sim.add(busy(), 1024, &group);
  SimTask& outside = sim.add(busy(), 1024, &group);
  sim.cell.set_cpus(second.node, cpus(0b0010), sim.now);
  sim.cell.set_cpus(outside.node, cpus(0b1000), sim.now);
  sim.run_for(10 * kMs);
  sim.cell.set_cpus(group, cpus(0b0011), sim.now);
  sim.obey();
  sim.run_for(2 * kMs);
  const std::vector<int64_t> before = {any.cpu_on[2] + any.cpu_on[3], second.cpu_on[1],
                                       outside.cpu_on[2] + outside.cpu_on[3]};
  sim.run_for(kSecond);
  EXPECT_EQ(any.cpu_on[2] + any.cpu_on[3], before[0]);
  EXPECT_GT(second.cpu_on[1], before[1]);
  // Its own set is outside: it gets the group's.
  EXPECT_EQ(outside.cpu_on[2] + outside.cpu_on[3], before[2]);
  EXPECT_GT(outside.cpu_on[0] + outside.cpu_on[1], 0);
  EXPECT_EQ(sim.idle_ns / kSecond, 2);
}

TEST(Cell, AnIdleWorkerTakesWhatIsLeft) {
  Simulation sim(4, kMs);
  for (int i = 0; i < 4; ++i) sim.add(busy());
  sim.run_until(kSecond);
  EXPECT_EQ(sim.idle_ns, 0);
}

TEST(Cell, PauseStopsAndResumeGoesOn) {
  Simulation sim(2, kMs);
  GroupNode& group = sim.add_group();
  SimTask& a = sim.add(busy(), 1024, &group);
  SimTask& b = sim.add(rhythm(kMs, kMs), 1024, &group);
  sim.run_for(100 * kMs);
  sim.cell.set_paused(group, true, sim.now);
  sim.obey();
  sim.run_for(kMs);  // until the tick
  const int64_t stopped = a.cpu() + b.cpu();
  sim.run_for(kSecond);
  EXPECT_EQ(a.cpu() + b.cpu(), stopped);
  sim.cell.set_paused(group, false, sim.now);
  sim.obey();
  sim.run_for(kSecond);
  EXPECT_NEAR(static_cast<double>(a.cpu() + b.cpu() - stopped) / kSecond, 1.5, 0.01);
}

TEST(Cell, WakingWhatIsPausedWaitsForTheResume) {
  Simulation sim(1);
  SimTask& task = sim.add(rhythm(kMs, kNever));
  sim.run_for(10 * kMs);
  EXPECT_EQ(task.cpu(), kMs);
  sim.cell.set_paused(task.node, true, sim.now);
  sim.wake(task);
  sim.run_for(10 * kMs);
  EXPECT_EQ(task.cpu(), kMs);
  sim.cell.set_paused(task.node, false, sim.now);
  sim.obey();
  sim.run_for(10 * kMs);
  EXPECT_EQ(task.cpu(), 2 * kMs);
}

TEST(Cell, AWakeDuringTheTurnIsNotLost) {
  Simulation sim(1);
  SimTask& task = sim.add(rhythm(5 * kMs, kNever));
  sim.at(4 * kMs, [&] { sim.wake(task); });  // in the second turn, which sleeps at 5 ms
  sim.run_for(20 * kMs);
  EXPECT_EQ(task.cpu(), 10 * kMs);
}

TEST(Cell, SleepEndsAtItsDeadline) {
  Simulation sim(1);
  SimTask& task = sim.add(rhythm(kMs, 9 * kMs));
  sim.run_until(995 * kMs);
  EXPECT_EQ(task.cpu(), 100 * kMs);
}

TEST(Cell, AWakeEndsASleepBeforeItsDeadline) {
  Simulation sim(1);
  SimTask& task = sim.add(rhythm(kMs, kSecond));
  sim.at(100 * kMs, [&] { sim.wake(task); });
  sim.run_until(500 * kMs);
  EXPECT_EQ(task.cpu(), 2 * kMs);
  sim.run_until(1050 * kMs);  // the first deadline counts no more
  EXPECT_EQ(task.cpu(), 2 * kMs);
  sim.run_until(1200 * kMs);
  EXPECT_EQ(task.cpu(), 3 * kMs);
}

// 100 busy sandboxes on two workers; an interactive one wakes 20 times a second.
TEST(Cell, AnInteractiveTaskIsServedWithinTenMilliseconds) {
  for (const bool in_group : {false, true}) {
    Simulation sim(2, kMs);
    for (int i = 0; i < 100; ++i) sim.add(busy(), 1024, in_group ? &sim.add_group() : nullptr);
    sim.run_for(kSecond);
    SimTask& shell =
        sim.add(rhythm(200'000, 49'700'000), 1024, in_group ? &sim.add_group() : nullptr);
    sim.run_for(30 * kSecond);
    ASSERT_GT(shell.latencies.size(), 500u);
    EXPECT_LE(percentile(shell.latencies, 0.5), 2 * kMs);
    EXPECT_LE(percentile(shell.latencies, 0.99), 10 * kMs);
  }
}

// One of two busy tasks held its worker for seconds (the host compiled something for it). Its debt
// is its own: who wakes meanwhile is served as soon as ever.
TEST(Cell, ADebtDoesNotDelayWhoWakes) {
  Simulation sim(1, kMs);
  SimTask& steady = sim.add(busy());
  SimTask& debtor = sim.add([first = true]() mutable {
    return Step{kMs, 0, std::exchange(first, false) ? 3 * kSecond : 0};
  });
  SimTask& shell = sim.add(rhythm(200'000, 49'700'000));
  sim.run_for(kSecond);
  const int64_t before = debtor.cpu();
  sim.run_for(kSecond);
  EXPECT_LE(debtor.cpu() - before, kMs);
  EXPECT_GT(steady.cpu(), 1900 * kMs);
  EXPECT_LE(percentile(shell.latencies, 0.99), 10 * kMs);
}

// Nobody waits for the end of a long slice: the worker whose task can wait longest is asked to
// yield.
TEST(Cell, AWakeTakesAWorkerThatIsBusy) {
  Simulation sim(2, kMs);
  for (int i = 0; i < 4; ++i) sim.add(busy(), 1024, nullptr, 100 * kMs);
  SimTask& shell = sim.add(rhythm(200'000, kNever));
  for (int64_t i = 1; i <= 100; ++i) sim.at(i * 49'700'000, [&] { sim.wake(shell); });
  sim.run_for(10 * kSecond);
  EXPECT_EQ(shell.latencies.size(), 100u);
  EXPECT_LE(percentile(shell.latencies, 1), kMs);
}

// A wake takes no more than one worker, and none from a task that is due before it.
TEST(Cell, AWakeAsksOneWorkerAtMost) {
  Simulation sim(2, kMs);
  SimTask& first = sim.add(rhythm(kMs, kNever));
  SimTask& second = sim.add(rhythm(kMs, kNever));
  for (int i = 0; i < 2; ++i) sim.add(busy());
  sim.run_for(kSecond);
  sim.cell.wake(first.node, sim.now);
  const WorkerMask asked = sim.cell.take_signals().yield;
  EXPECT_EQ(std::popcount(asked), 1);
  sim.cell.wake(second.node, sim.now);
  const WorkerMask then = sim.cell.take_signals().yield;
  EXPECT_EQ(std::popcount(then), 1);
  EXPECT_EQ(asked & then, 0u);
}

// Between cells: what moves takes along how far it is ahead, and runs there.
TEST(Cell, AMemberMovesToAnotherCell) {
  Simulation from(1), to(1);
  GroupNode& group = from.add_group();
  SimTask& first = from.add(busy(), 1024, &group);
  from.run_for(10 * kMs);
  EXPECT_EQ(from.cell.movable(INT64_MAX), nullptr);  // it runs
  SimTask& hog = from.add(busy(), 2048);
  from.run_for(10 * kMs);
  while (first.node.state == TaskNode::State::kRunning) from.run_for(kMs);
  EXPECT_EQ(from.cell.movable(1023), nullptr);
  ASSERT_EQ(from.cell.movable(1024), &group);
  // Ready but paused: it counts, and comes along.
  SimTask& paused = from.add(busy(), 1024, &group);
  from.cell.set_paused(paused.node, true, from.now);
  const Virtual ahead = from.cell.extract(group);
  EXPECT_EQ(from.cell.waiting(), 0u);
  to.cell.adopt(group, ahead, to.now);
  EXPECT_EQ(to.cell.waiting(), 2u);
  EXPECT_EQ(to.cell.take_signals().kick, bit_of(0));
  EXPECT_EQ(to.cell.pick(0, to.now).task, &first.node);
  to.cell.stop(0, {.cpu_ns = kMs, .then = Cell::Then::kDone}, kMs);
  to.cell.remove(paused.node, kMs);
  EXPECT_EQ(to.cell.waiting(), 0u);
  EXPECT_EQ(to.cell.root().tasks_below, 0u);
  EXPECT_EQ(from.cell.root().tasks_below, 1u);
  from.run_for(10 * kMs);
  EXPECT_GT(hog.cpu(), 10 * kMs);
}

// What has a timer or a CPU set stays, and what is in a group with such.
TEST(Cell, WhoSleepsOrIsBoundDoesNotMove) {
  Simulation sim(1);
  sim.add(busy());
  GroupNode& sleepy = sim.add_group();
  sim.add(rhythm(1, kSecond), 1024, &sleepy);
  sim.add(busy(), 1024, &sleepy);
  SimTask& bound = sim.add(busy());
  sim.cell.set_cpus(bound.node, cpus(1), sim.now);
  sim.run_for(50 * kMs);
  for (int i = 0; i < 50; ++i) {
    sim.run_for(kMs);
    const Member* movable = sim.cell.movable(INT64_MAX);
    EXPECT_NE(movable, &sleepy);
    EXPECT_NE(movable, &bound.node);
  }
  sim.cell.set_cpus(bound.node, {}, sim.now);
  bool moved = false;
  for (int i = 0; i < 50 && !moved; ++i) {
    sim.run_for(kMs);
    moved = sim.cell.movable(INT64_MAX) == &bound.node;
  }
  EXPECT_TRUE(moved);
}

// Sleeping a little gives nobody more than its share.
TEST(Cell, NobodyGainsByWakingUpOften) {
  Simulation sim(1, 100'000);
  SimTask& hog = sim.add(busy());
  SimTask& sly = sim.add(rhythm(2 * kMs, 1));
  SimTask& slower = sim.add(rhythm(2 * kMs, 10 * kMs));
  sim.run_until(10 * kSecond);
  EXPECT_LE(share(sly, 10 * kSecond), 0.45);
  EXPECT_LE(share(slower, 10 * kSecond), 1.0 / 6);
  EXPECT_GE(share(hog, 10 * kSecond), 0.4);
}

TEST(Cell, HostTimeCountsForTheShareNotForTheQuota) {
  Simulation sim(1);
  SimTask& caller = sim.add([] { return Step{kMs, 0, 9 * kMs}; });
  SimTask& hog = sim.add(busy());
  sim.cell.set_quota(caller.node, Quota{50 * kMs, 100 * kMs}, sim.now);
  sim.run_until(kSecond);
  EXPECT_EQ(sim.cell.usage(caller.node, sim.now).throttles, 0u);
  EXPECT_NEAR(static_cast<double>(hog.cpu()) / static_cast<double>(caller.cpu()), 10, 1.5);
  EXPECT_EQ(caller.node.usage.host_ns, 9 * caller.cpu());
}

TEST(Cell, UsageAddsUp) {
  Simulation sim(1, kMs);
  GroupNode& group = sim.add_group();
  SimTask& a = sim.add(busy(), 1024, &group);
  SimTask& b = sim.add(busy(), 1024, &group);
  sim.run_until(kSecond);
  const Usage of_a = sim.cell.usage(a.node, sim.now), of_b = sim.cell.usage(b.node, sim.now);
  const Usage of_group = sim.cell.usage(group, sim.now);
  EXPECT_NEAR(static_cast<double>(of_a.cpu_ns + of_a.wait_ns), kSecond, 10 * kMs);
  EXPECT_EQ(of_group.cpu_ns, of_a.cpu_ns + of_b.cpu_ns);
  EXPECT_EQ(of_group.switches, of_a.switches + of_b.switches);
  EXPECT_EQ(of_group.migrations, 0u);
}

// Tasks come, go, sleep, are woken, paused, moved, limited and weighed anew at random: the cell's
// own CHECKs hold, no worker idles while a task that may run there waits, and nobody starves.
TEST(Cell, SurvivesRandomEvents) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&random](uint32_t n) { return static_cast<uint32_t>(random() % n); };
    Simulation sim(1 + seed % 4, seed % 2 ? 1 : kMs);
    std::vector<GroupNode*> groups = {&sim.cell.root()};
    for (uint32_t i = 1; i <= 6; ++i) groups.push_back(&sim.add_group(groups[pick(i)]));
    std::vector<SimTask*> tasks;
    for (int step = 0; step < 5000; ++step) {
      sim.run_for(pick(2 * kMs));
      const uint32_t what = pick(10);
      if (tasks.size() < 2 || (what == 0 && tasks.size() < 40)) {
        tasks.push_back(&sim.add(pick(2) ? busy() : rhythm(1 + pick(kMs), pick(20 * kMs)),
                                 kMinWeight + pick(5000), groups[pick(7)], 1 + pick(5 * kMs)));
        continue;
      }
      SimTask& task = *tasks[pick(static_cast<uint32_t>(tasks.size()))];
      Member& member = pick(3) ? static_cast<Member&>(task.node) : *groups[1 + pick(6)];
      if (what == 1 && task.node.state != TaskNode::State::kRunning) {
        tasks.erase(std::find(tasks.begin(), tasks.end(), &task));
        sim.remove(task);
      } else if (what <= 3) {
        sim.cell.set_weight(member, kMinWeight + pick(5000));
      } else if (what == 4) {
        sim.cell.set_cpus(member, cpus(1 + pick(15)), sim.now);
      } else if (what == 5) {
        const bool limit = pick(2);
        sim.cell.set_quota(
            member, limit ? std::optional(Quota{kMs + pick(50 * kMs), 20 * kMs}) : std::nullopt,
            sim.now);
      } else if (what == 6) {
        sim.cell.set_paused(member, pick(2), sim.now);
      } else {
        sim.wake(task);
      }
      sim.obey();
    }
    // All is lifted: everybody gets a turn soon.
    for (GroupNode* group : groups) {
      if (group == &sim.cell.root()) continue;
      sim.cell.set_paused(*group, false, sim.now);
      sim.cell.set_quota(*group, std::nullopt, sim.now);
      sim.cell.set_weight(*group, kDefaultWeight);
    }
    std::vector<int64_t> before;
    for (SimTask* task : tasks) {
      sim.cell.set_paused(task->node, false, sim.now);
      sim.cell.set_quota(task->node, std::nullopt, sim.now);
      sim.cell.set_weight(task->node, kDefaultWeight);
      sim.wake(*task);
      before.push_back(task->cpu());
    }
    sim.obey();
    sim.run_for(60 * kSecond);
    for (size_t i = 0; i < tasks.size(); ++i)
      EXPECT_GT(tasks[i]->cpu(), before[i]) << "seed " << seed << " task " << i;
  }
}

}  // namespace
}  // namespace cloche::sched
