#include "sched/timers.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>

namespace cloche::sched {
namespace {

TEST(Timers, AreEmptyAtFirst) {
  Timers timers;
  EXPECT_EQ(timers.next(), kNever);
  EXPECT_EQ(timers.pop_due(INT64_MAX), nullptr);
}

TEST(Timers, FireInTheOrderOfTheirDeadlinesThenOfTheirSetting) {
  Timers timers;
  std::array<Timer, 4> t;
  timers.set(t[0], 30);
  timers.set(t[1], 10);
  timers.set(t[2], 20);
  timers.set(t[3], 10);
  EXPECT_EQ(timers.next(), 10);
  EXPECT_EQ(timers.pop_due(9), nullptr);
  for (const size_t next : {1u, 3u, 2u}) EXPECT_EQ(timers.pop_due(25), &t[next]);
  EXPECT_EQ(timers.pop_due(25), nullptr);
  EXPECT_TRUE(t[0].armed());
  EXPECT_FALSE(t[1].armed());
}

TEST(Timers, NeverMeansNoTimer) {
  Timers timers;
  Timer timer;
  timers.set(timer, 5);
  timers.set(timer, kNever);
  EXPECT_FALSE(timer.armed());
  EXPECT_EQ(timers.size(), 0u);
  timers.cancel(timer);  // nothing to cancel
}

// Against an ordered map.
TEST(Timers, SurviveRandomUse) {
  std::mt19937 random(1);
  Timers timers;
  std::array<Timer, 100> all;
  std::map<Timer*, int64_t> model;
  for (int step = 0; step < 100'000; ++step) {
    Timer& timer = all[random() % all.size()];
    const auto due = static_cast<int64_t>(random() % 1000);
    switch (random() % 3) {
      case 0:
        timers.set(timer, due);
        model[&timer] = due;
        break;
      case 1:
        timers.cancel(timer);
        model.erase(&timer);
        break;
      default:
        if (Timer* fired = timers.pop_due(due)) {
          ASSERT_LE(model.at(fired), due);
          model.erase(fired);
        }
    }
    int64_t least = kNever;
    for (const auto& [each, when] : model) least = std::min(least, when);
    ASSERT_EQ(timers.next(), least);
    ASSERT_EQ(timers.size(), model.size());
  }
}

}  // namespace
}  // namespace cloche::sched
