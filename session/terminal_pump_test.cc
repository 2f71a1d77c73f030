// Keys from a pipe of the host: that each transfer is reported, and what programs see at their end.
#include "session/terminal_pump.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kernel/io_state.h"
#include "kernel/ioctl.h"
#include "kernel/testing/io_helpers.h"

namespace cloche::session {
namespace {

using kernel::Kernel;
using kernel::testing::FakeGuest;
using kernel::testing::kFree;
using kernel::testing::read;
using kernel::testing::write;

// A program on a terminal whose keys come from one pipe and whose screen is another.
class TerminalPumpTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(pipe(keys_), 0);
    ASSERT_EQ(pipe(screen_), 0);
    tty_ = *box_.kernel().io().terminals().create();
    pump_ = std::make_unique<TerminalPump>(tty_, keys_[0], screen_[1],
                                           make_ref<kernel::OutputBudget>(1u << 20));
  }
  void TearDown() override {
    end_keys();
    close_screen();
    close(keys_[0]);
    close(screen_[1]);
  }

  void start(kernel::testing::Body body) {
    box_.program("program", std::move(body));
    kernel::StartOptions options;
    options.path = "/bin/program";
    options.argv = {"program"};
    options.cwd = "/home";
    options.terminal = tty_;
    const auto file = box_.kernel().io().terminals().open_for_host(tty_, kernel::kReadWrite);
    ASSERT_TRUE(file.ok());
    options.files = {{0, *file}, {1, *file}, {2, *file}};
    const auto pid = box_.kernel().start(std::move(options));
    ASSERT_TRUE(pid.ok());
    pid_ = *pid;
  }
  void type(const std::string& keys) {
    ASSERT_EQ(::write(keys_[1], keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }
  void end_keys() { close_once(keys_[1]); }
  void close_screen() { close_once(screen_[0]); }
  // Leaves no room; what is there now.
  std::string fill_screen() {
    std::string text;
    for (pollfd room{screen_[1], POLLOUT, 0}; poll(&room, 1, 0) == 1;) {
      const std::string page(4096, 'f');
      EXPECT_EQ(::write(screen_[1], page.data(), page.size()), 4096);
      text += page;
    }
    return text;
  }
  // The next bytes of the screen; fewer than `most` when that is all.
  std::string shown(size_t most) {
    std::string text;
    for (pollfd more{screen_[0], POLLIN, 0}; text.size() < most && poll(&more, 1, 0) == 1;) {
      char byte = 0;
      if (::read(screen_[0], &byte, 1) != 1) break;
      text.push_back(byte);
    }
    return text;
  }
  // As a run does, until the program ended (true) or nothing moves any more.
  bool drive() {
    for (int turns = 0; turns < 1000; ++turns) {
      const Kernel::Idle idle = box_.settle();
      if (box_.kernel().collect(pid_, &status_)) return true;
      if (!pump_->pump() && idle == Kernel::Idle::kWaiting) return false;
    }
    ADD_FAILURE() << "it never comes to rest";
    return false;
  }

  kernel::testing::TestSandbox box_;
  Ref<kernel::Tty> tty_;
  std::unique_ptr<TerminalPump> pump_;
  kernel::ExitStatus status_;

 private:
  static void close_once(int& fd) {
    if (fd >= 0) close(std::exchange(fd, -1));
  }
  int keys_[2], screen_[2];
  int32_t pid_ = 0;
};

void set_modes(FakeGuest& g, uint32_t command, uint32_t local_off) {
  g.call("ioctl", 0, kernel::kTcGets, kFree);
  g.store<uint32_t>(kFree + 12, g.load<uint32_t>(kFree + 12) & ~local_off);
  g.call("ioctl", 0, command, kFree);
}

using Lines = std::vector<std::string>;

TEST_F(TerminalPumpTest, TellsThatKeysMoved) {
  start([](FakeGuest& g) { g.exit(read(g, 0) == "line\n" ? 0 : 1); });
  EXPECT_EQ(box_.settle(), Kernel::Idle::kWaiting);
  EXPECT_FALSE(pump_->pump());
  type("line\n");
  EXPECT_TRUE(pump_->pump()) << "the program is ready again: nobody may wait for the host now";
  EXPECT_TRUE(drive());
  EXPECT_EQ(status_.code, 0);
}

TEST_F(TerminalPumpTest, TellsThatTheKeysEnded) {
  start([](FakeGuest& g) { g.exit(read(g, 0).empty() ? 0 : 1); });
  EXPECT_EQ(box_.settle(), Kernel::Idle::kWaiting);
  end_keys();
  EXPECT_TRUE(pump_->pump());
  EXPECT_TRUE(drive());
  EXPECT_EQ(status_.code, 0);
}

TEST_F(TerminalPumpTest, TellsThatTheScreenHasRoom) {
  start([](FakeGuest& g) {
    g.exit(write(g, 1, std::string(kernel::LineDiscipline::kOutputLimit, 'x')) > 0 &&
                   write(g, 1, "y") == 1
               ? 0
               : 1);
  });
  EXPECT_EQ(box_.settle(), Kernel::Idle::kWaiting);
  EXPECT_TRUE(pump_->pump());
  EXPECT_TRUE(drive());
  EXPECT_EQ(status_.code, 0);
}

TEST_F(TerminalPumpTest, TellsThatTheScreenWentAway) {
  const auto before = signal(SIGPIPE, SIG_IGN);
  start([](FakeGuest& g) {
    write(g, 1, "x");
    read(g, 0);
    g.exit(0);
  });
  EXPECT_EQ(box_.settle(), Kernel::Idle::kWaiting);
  close_screen();
  EXPECT_TRUE(pump_->pump());
  EXPECT_TRUE(pump_->gone());
  EXPECT_TRUE(drive());
  EXPECT_EQ(status_.signal, SIGHUP);
  signal(SIGPIPE, before);
}

TEST_F(TerminalPumpTest, EachReaderComesToTheEnd) {
  start([](FakeGuest& g) {
    for (int i = 0; i < 3; ++i) g.say(read(g, 0));
    g.exit(0);
  });
  type("line\n");
  end_keys();
  EXPECT_TRUE(drive());
  EXPECT_EQ(box_.said(), (Lines{"line\n", "", ""}));
}

TEST_F(TerminalPumpTest, ALineWithoutItsEndArrives) {
  start([](FakeGuest& g) {
    for (int i = 0; i < 2; ++i) g.say(read(g, 0));
    g.exit(0);
  });
  type("lin");
  end_keys();
  EXPECT_TRUE(drive());
  EXPECT_EQ(box_.said(), (Lines{"lin", ""}));
}

TEST_F(TerminalPumpTest, AFlushTakesNoEndAway) {
  start([](FakeGuest& g) {
    g.say(read(g, 0));
    set_modes(g, kernel::kTcSetsF, kernel::kEcho);
    g.say(read(g, 0));
    g.exit(0);
  });
  type("a\nb\n");
  end_keys();
  EXPECT_TRUE(drive());
  EXPECT_EQ(box_.said(), (Lines{"a\n", ""}));
}

TEST_F(TerminalPumpTest, NoKeyIsTypedBeforeAProgramAsks) {
  start([](FakeGuest& g) {
    g.call("ioctl", 0, kernel::kFionRead, kFree);
    g.say(std::to_string(g.load<int32_t>(kFree)));
    g.exit(0);
  });
  kernel::Termios raw = tty_->termios();
  raw.local_flags &= ~uint32_t{kernel::kIcanon};
  tty_->set_termios(raw);
  end_keys();
  EXPECT_FALSE(pump_->pump());
  EXPECT_TRUE(drive());
  EXPECT_EQ(box_.said(), Lines{"0"});
}

TEST_F(TerminalPumpTest, TheScreenIsShownBeforeAnyIsGivenUp) {
  start([](FakeGuest& g) {
    set_modes(g, kernel::kTcSets, kernel::kIcanon | kernel::kEcho);
    write(g, 1, "last words");
    while (read(g, 0) == "\4") continue;
    g.exit(0);
  });
  end_keys();
  const std::string before = fill_screen();
  EXPECT_FALSE(drive());
  EXPECT_FALSE(pump_->ignored());
  EXPECT_EQ(shown(before.size()), before);
  EXPECT_FALSE(drive());
  EXPECT_TRUE(pump_->ignored());
  EXPECT_EQ(shown(100), "last words");
}

TEST_F(TerminalPumpTest, RawProgramsGetTheKeyAFewTimes) {
  start([](FakeGuest& g) {
    set_modes(g, kernel::kTcSets, kernel::kIcanon | kernel::kEcho);
    while (read(g, 0) == "\4") g.say("^D");
    g.say("end");
    g.exit(0);
  });
  end_keys();
  EXPECT_FALSE(drive()) << "it goes on waiting";
  EXPECT_EQ(box_.said(), Lines(16, "^D"));
  EXPECT_TRUE(pump_->ignored());
  pump_->hang_up();
  EXPECT_TRUE(drive());
  EXPECT_EQ(status_.signal, SIGHUP);
}

}  // namespace
}  // namespace cloche::session
