#include "cli/top/view.h"

#include <gtest/gtest.h>

#include <string>

#include "cli/top/columns.h"

namespace cloche::cli {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

TopSample sample(const std::string& name, int64_t age_s, int64_t cpu_ns, uint64_t memory) {
  Report report{.name = name, .command = "bash -c x", .pid = 7, .age_ns = age_s * kSecond};
  report.stats.state = SandboxStats::State::kRunning;
  report.stats.cpu_ns = cpu_ns;
  report.stats.memory.total = memory;
  report.stats.memory.peak = memory;
  report.stats.tasks = 2;
  report.stats.processes = {{.pid = 2, .parent = 1, .name = "bash", .cpu_ns = cpu_ns / 4},
                            {.pid = 3, .parent = 2, .name = "sort", .cpu_ns = cpu_ns / 2},
                            {.sandbox = "1", .pid = 2, .parent = 1, .name = "inner"}};
  report.limits = {{"memory.max", "100M"}, {"pids.max", "64"}};
  return {name, 7, report};
}

std::vector<TopSample> samples(std::vector<TopSample> list) { return list; }

TopModel two_sandboxes() {
  TopModel model;
  model.update(
      samples({sample("alpha", 10, kSecond, 50 << 20), sample("beta", 10, 5 * kSecond, 1 << 20)}));
  return model;
}

std::string names(const TopModel& model) {
  std::string text;
  for (const SandboxRow& row : model.rows()) text += row.name + " ";
  return text;
}

TEST(TopModelTest, SharesAreThoseSinceTheLastSample) {
  TopModel model = two_sandboxes();
  EXPECT_DOUBLE_EQ(model.find("alpha")->cpu_percent, 10);  // since it began
  model.update(samples({sample("alpha", 12, 3 * kSecond, 50 << 20)}));
  EXPECT_DOUBLE_EQ(model.find("alpha")->cpu_percent, 100);
  EXPECT_EQ(model.find("alpha")->cpu_history, (std::vector<double>{10, 100}));
  EXPECT_EQ(model.find("beta"), nullptr);
  // pid 3 went from 0.5 s to 1.5 s.
  EXPECT_EQ(model.rows()[0].processes[0].stats.pid, 3);
  EXPECT_DOUBLE_EQ(model.rows()[0].processes[0].cpu_percent, 50);
}

TEST(TopModelTest, AnotherSandboxOfTheNameHasNoPast) {
  TopModel model = two_sandboxes();
  model.update(samples({sample("alpha", 2, kSecond, 1)}));
  EXPECT_DOUBLE_EQ(model.find("alpha")->cpu_percent, 50);
  EXPECT_EQ(model.find("alpha")->cpu_history.size(), 1u);
}

TEST(TopModelTest, Order) {
  TopModel model = two_sandboxes();
  EXPECT_EQ(names(model), "beta alpha ");
  model.sort_by(SortKey::kMemory);
  EXPECT_EQ(names(model), "alpha beta ");
  model.sort_by(SortKey::kName);
  EXPECT_EQ(names(model), "alpha beta ");
  model.sort_by(SortKey::kTime);
  EXPECT_EQ(names(model), "beta alpha ");
}

TEST(TopModelTest, HistoriesEnd) {
  TopModel model;
  for (int i = 0; i < 100; ++i) model.update(samples({sample("a", 10 + i, i, 1)}));
  EXPECT_EQ(model.rows()[0].cpu_history.size(), TopModel::kHistory);
  EXPECT_EQ(model.rows()[0].memory_history.size(), TopModel::kHistory);
}

TEST(TopModelTest, WhoDoesNotAnswerStaysAsItWas) {
  TopModel model = two_sandboxes();
  model.update({{"alpha", 7, std::nullopt}, {"new", 8, std::nullopt}});
  EXPECT_TRUE(model.find("alpha")->silent);
  EXPECT_EQ(model.find("alpha")->report.stats.tasks, 2u);
  EXPECT_TRUE(model.find("new")->silent);
}

class TopViewTest : public testing::Test {
 protected:
  std::string screen(ScreenSize size = {}) {
    std::string text;
    for (const ScreenLine& line : view_.draw(model_, size)) text += line.text + "\n";
    return text;
  }
  std::string selected() {
    for (const ScreenLine& line : view_.draw(model_, {})) {
      if (line.style == LineStyle::kSelected) return line.text;
    }
    return "";
  }
  std::optional<TopAction> type(const std::string& keys) {
    std::optional<TopAction> action;
    for (const char c : keys) {
      action =
          view_.press(c == '\n' ? Key{Key::Kind::kEnter} : Key{Key::Kind::kCharacter, c}, model_);
    }
    return action;
  }
  std::optional<TopAction> press(Key::Kind kind) { return view_.press({kind}, model_); }

  TopModel model_ = two_sandboxes();
  TopView view_{Charset::kUtf8};
};

TEST_F(TopViewTest, EveryLineIsAsWideAsTheScreen) {
  view_.open_all(model_);
  for (const size_t columns : {1u, 5u, 10u, 19u, 40u, 79u, 80u, 81u, 100u, 200u}) {
    for (const size_t lines : {1u, 2u, 3u, 4u, 10u, 24u, 60u}) {
      const auto drawn = view_.draw(model_, {columns, lines});
      EXPECT_EQ(drawn.size(), lines) << columns;
      for (const ScreenLine& line : drawn) {
        EXPECT_EQ(display_width(line.text), columns) << line.text;
      }
    }
  }
}

TEST_F(TopViewTest, WhatMattersIsSeenAt80Columns) {
  const std::string text = screen();
  for (const char* word : {"2 sandboxes, 4 tasks", "NAME", "STATE", "CPU%", "MEM", "OF LIMIT",
                           "TASKS", "TIME", "+ alpha", "running", "50M", "[###...]"}) {
    EXPECT_NE(text.find(word), std::string::npos) << word << "\n" << text;
  }
  EXPECT_NE(screen({20, 10}).find("beta"), std::string::npos);
  EXPECT_NE(screen({100, 10}).find("COMMAND"), std::string::npos);
}

TEST_F(TopViewTest, NothingFromInsideReachesTheTerminalUnfiltered) {
  TopSample hostile = sample("x", 10, 1, 1);
  hostile.report->command = "\x1b]0;title\x07 \xe2\x80\xae evil \xff\xe6\xbc\xa2";
  hostile.report->stats.processes[0].command =
      "\r\n\x1b[2J\xc2\x9b"
      "31m";
  hostile.report->stats.processes[0].state = '\x1b';
  hostile.report->limits = {{"pids.max", "\x1b[1m"}};
  hostile.report->name = hostile.name = "\x1b[31mname";
  model_.update(samples({hostile}));
  view_.open_all(model_);
  view_.set_message("\x1b[5m");
  for (const Charset charset : {Charset::kUtf8, Charset::kAscii}) {
    TopView view(charset);
    view.open_all(model_);
    for (const size_t columns : {10u, 80u, 200u}) {
      for (const ScreenLine& line : view.draw(model_, {columns, 30})) {
        EXPECT_EQ(displayable(line.text, charset), line.text);
      }
    }
  }
  EXPECT_EQ(screen().find('\x1b'), std::string::npos);
}

TEST_F(TopViewTest, KeysOpenAndChoose) {
  EXPECT_TRUE(selected().starts_with("+ beta")) << selected();
  press(Key::Kind::kEnter);
  EXPECT_TRUE(selected().starts_with("- beta"));
  EXPECT_NE(screen().find("memory: processes"), std::string::npos);
  press(Key::Kind::kDown);
  EXPECT_NE(selected().find("sort"), std::string::npos);
  press(Key::Kind::kEnd);
  EXPECT_TRUE(selected().starts_with("+ alpha"));
  press(Key::Kind::kUp);
  press(Key::Kind::kLeft);
  EXPECT_TRUE(selected().starts_with("+ beta"));
  press(Key::Kind::kHome);
  type("n");
  EXPECT_TRUE(selected().starts_with("+ beta")) << "the cursor stays with its sandbox";
}

TEST_F(TopViewTest, TheCursorIsAlwaysOnTheScreen) {
  std::vector<TopSample> many;
  for (int i = 0; i < 50; ++i) many.push_back(sample("s" + std::to_string(i), 10, i, 1));
  model_.update(many);
  view_.draw(model_, {80, 10});
  for (const Key::Kind kind :
       {Key::Kind::kEnd, Key::Kind::kPageUp, Key::Kind::kUp, Key::Kind::kHome, Key::Kind::kPageDown,
        Key::Kind::kPageDown, Key::Kind::kDown}) {
    press(kind);
    int chosen = 0;
    for (const ScreenLine& line : view_.draw(model_, {80, 10})) {
      chosen += line.style == LineStyle::kSelected ? 1 : 0;
    }
    EXPECT_EQ(chosen, 1);
  }
}

TEST_F(TopViewTest, KillAsksFirst) {
  EXPECT_FALSE(type("k"));
  EXPECT_NE(screen().find("signal for beta (KILL, which ends it): "), std::string::npos);
  auto action = type("\n");
  ASSERT_TRUE(action);
  EXPECT_EQ(action->sandbox, "beta");
  EXPECT_EQ(action->request.what, Request::Do::kKill);
  action = type("kHUP\n");
  EXPECT_EQ(action->request.what, Request::Do::kSignal);
  EXPECT_EQ(action->request.signal, 1);
  EXPECT_EQ(action->request.pid, 0);
  EXPECT_FALSE(type("kNOPE\n"));
  EXPECT_NE(screen().find("'NOPE' is no signal"), std::string::npos);
  type("k");
  press(Key::Kind::kEscape);
  EXPECT_FALSE(type("\n"));
}

TEST_F(TopViewTest, ProcessesAreSignalledAndReniced) {
  EXPECT_FALSE(type("r"));
  EXPECT_NE(screen().find("choose a process"), std::string::npos);
  press(Key::Kind::kRight);
  press(Key::Kind::kDown);  // pid 3, which has used most
  auto action = type("k\n");
  ASSERT_TRUE(action);
  EXPECT_EQ(action->request.pid, 3);
  EXPECT_EQ(action->request.signal, 15);
  action = type("r-5\n");
  ASSERT_TRUE(action);
  EXPECT_EQ(action->request.what, Request::Do::kNice);
  EXPECT_EQ(action->request.nice, -5);
  EXPECT_FALSE(type("r20\n"));
  EXPECT_FALSE(type("rx\n"));
  press(Key::Kind::kDown);
  press(Key::Kind::kDown);  // of the sandbox inside
  EXPECT_NE(selected().find("1:2"), std::string::npos) << selected();
  EXPECT_FALSE(type("k\n"));
}

TEST_F(TopViewTest, PauseResumeAndLimits) {
  EXPECT_EQ(type("p")->request.what, Request::Do::kPause);
  TopSample paused = sample("beta", 11, 5 * kSecond, 1);
  paused.report->stats.state = SandboxStats::State::kPaused;
  model_.update(samples({paused}));
  EXPECT_EQ(type("p")->request.what, Request::Do::kResume);
  const auto action = type("upids.max=x");
  EXPECT_FALSE(action);
  press(Key::Kind::kBackspace);
  const auto update = type("5\n");
  ASSERT_TRUE(update);
  EXPECT_EQ(update->request.limits.at(0).name, "pids.max");
  EXPECT_EQ(update->request.limits.at(0).value, "5");
  for (const char* wrong : {"u\n", "u=5\n", "ux=\n", "ux\n"}) EXPECT_FALSE(type(wrong)) << wrong;
}

TEST_F(TopViewTest, HelpAndQuit) {
  type("?");
  EXPECT_NE(screen().find("renice a process"), std::string::npos);
  type("x");
  EXPECT_EQ(screen().find("renice a process"), std::string::npos);
  EXPECT_FALSE(view_.wants_to_quit());
  type("q");
  EXPECT_TRUE(view_.wants_to_quit());
}

TEST_F(TopViewTest, KeysWithoutAnySandboxDoNothing) {
  model_.update({});
  for (const char* keys : {"k\n", "r\n", "u\n", "p", "c", "m", "t", "n"}) {
    EXPECT_FALSE(type(keys)) << keys;
    screen();
  }
  for (const auto kind :
       {Key::Kind::kDown, Key::Kind::kEnter, Key::Kind::kRight, Key::Kind::kEnd}) {
    EXPECT_FALSE(press(kind));
  }
}

TEST(ColumnsTest, Sparklines) {
  EXPECT_EQ(sparkline({0, 50, 100}, 3, 100, Charset::kUtf8), "▁▅█");
  EXPECT_EQ(sparkline({0, 50, 100}, 5, 100, Charset::kAscii), "  _+@");
  EXPECT_EQ(sparkline({1, 2, 3, 900}, 2, 3, Charset::kAscii), "@@");
  EXPECT_EQ(sparkline({}, 2, 0, Charset::kAscii), "  ");
  EXPECT_EQ(sparkline({5}, 1, 0, Charset::kAscii), "_");
}

TEST(ColumnsTest, Bars) {
  EXPECT_EQ(bar(0, 6), "[....]");
  EXPECT_EQ(bar(0.5, 6), "[##..]");
  EXPECT_EQ(bar(7, 6), "[####]");
  EXPECT_EQ(bar(1, 2), "  ");
}

}  // namespace
}  // namespace cloche::cli
