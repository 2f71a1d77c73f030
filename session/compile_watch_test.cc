#include "session/compile_watch.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace cloche::session {
namespace {

using std::chrono::milliseconds;

TEST(CompileWatchTest, TheGuessNeverFallsAndNeverClaimsTheEnd) {
  int last = 0;
  for (int ms = 0; ms < 60'000; ms += 10) {
    const int percent = guess_percent(1'200'000, milliseconds(ms));
    EXPECT_GE(percent, last) << ms;
    EXPECT_LE(percent, 99);
    last = percent;
  }
  EXPECT_EQ(guess_percent(1'200'000, milliseconds(0)), 0);
  EXPECT_EQ(last, 99);
  EXPECT_LE(guess_percent(0, std::chrono::hours(1)), 99);
}

TEST(CompileWatchTest, ReportsWhileItLastsAndTheEnd) {
  std::vector<int> percents;
  std::string what;
  {
    CompileWatch watch([&](const std::string& name, int percent) {
      what = name;
      percents.push_back(percent);
    });
    watch.begin(200'000);
    std::this_thread::sleep_for(milliseconds(350));
    watch.end();
  }
  EXPECT_EQ(what, "compiling a program of 196 KiB");
  ASSERT_GE(percents.size(), 2u);
  EXPECT_EQ(percents.back(), 100);
  EXPECT_GT(percents.front(), 0);
}

TEST(CompileWatchTest, AQuickOneReportsItsEndOnly) {
  std::vector<int> percents;
  CompileWatch watch([&](const std::string&, int percent) { percents.push_back(percent); });
  watch.begin(1);
  watch.end();
  EXPECT_EQ(percents, std::vector<int>{100});
}

TEST(CompileWatchTest, SeveralAtATimeAreOne) {
  int reports = 0;
  {
    CompileWatch watch([&](const std::string&, int) { ++reports; });
    watch.begin(1);
    watch.begin(1);
    watch.end();
    watch.end();
  }
  EXPECT_EQ(reports, 1);
}

}  // namespace
}  // namespace cloche::session
