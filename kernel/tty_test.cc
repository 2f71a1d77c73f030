// Terminals: the line discipline byte by byte, then sessions and job control through a guest's
// calls.
#include <gtest/gtest.h>

#include "kernel/io_state.h"
#include "kernel/ioctl.h"
#include "kernel/line_discipline.h"
#include "kernel/testing/io_helpers.h"

namespace cloche::kernel::testing {
namespace {

using Lines = std::vector<std::string>;

std::span<const uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// A line discipline whose signals are recorded.
struct Terminal {
  LineDiscipline line{this, [](void* env, int32_t signo) {
                        static_cast<Terminal*>(env)->signals.push_back(signo);
                      }};
  std::vector<int32_t> signals;

  size_t type(std::string_view keys) { return line.receive(bytes(keys)); }
  std::string screen() {
    uint8_t buffer[65536];
    return std::string(reinterpret_cast<char*>(buffer), line.take_output(buffer));
  }
  // What a read gives; "-" when it would wait.
  std::string read(size_t size = 4096) {
    uint8_t buffer[8192];
    size_t count = 0;
    if (!line.read(std::span(buffer).first(size), count)) return "-";
    return std::string(reinterpret_cast<char*>(buffer), count);
  }
  void set(uint32_t local_off, uint32_t local_on = 0) {
    Termios modes = line.termios();
    modes.local_flags = (modes.local_flags & ~local_off) | local_on;
    line.set_termios(modes);
  }
};

TEST(LineDisciplineTest, LinesAreReadWhole) {
  Terminal t;
  EXPECT_EQ(t.type("ab"), 2u);
  EXPECT_EQ(t.read(), "-");
  t.type("c\rde\nf");
  EXPECT_EQ(t.read(), "abc\n") << "ICRNL";
  EXPECT_EQ(t.read(1), "d");
  EXPECT_EQ(t.read(), "e\n");
  EXPECT_EQ(t.read(), "-");
  EXPECT_EQ(t.screen(), "abc\r\nde\r\nf");
}

TEST(LineDisciplineTest, EndOfFileKey) {
  Terminal t;
  t.type("ab\4");
  EXPECT_EQ(t.read(), "ab");
  EXPECT_EQ(t.read(), "-");
  t.type("\4");
  EXPECT_EQ(t.read(), "");
  EXPECT_EQ(t.read(), "-");
  EXPECT_EQ(t.screen(), "ab") << "^D is not echoed";
}

TEST(LineDisciplineTest, Editing) {
  Terminal t;
  t.type("abc\x7f\x7fX\n");
  EXPECT_EQ(t.read(), "aX\n");
  EXPECT_EQ(t.screen(), "abc\b \b\b \bX\r\n");
  t.type("one two  \027three\n");
  EXPECT_EQ(t.read(), "one three\n");
  t.screen();
  t.type("gone\025kept\n");
  EXPECT_EQ(t.read(), "kept\n");
  EXPECT_EQ(t.screen(), "gone\b \b\b \b\b \b\b \bkept\r\n");
  t.type("\x7f\x7f\025\027z\n");
  EXPECT_EQ(t.read(), "z\n") << "nothing to erase";
  t.type("a\026\003b\n");
  EXPECT_EQ(t.read(), "a\003b\n") << "^V takes the next byte as it is";
  EXPECT_TRUE(t.signals.empty());
}

TEST(LineDisciplineTest, ErasesWhatTheCharacterTookOnTheScreen) {
  Terminal t;
  t.type("\001\x7f");
  EXPECT_EQ(t.screen(), "^A\b \b\b \b");
  t.type("a\t\x7f");
  EXPECT_EQ(t.screen(), "a\t\b\b\b\b\b\b\b");
  t.type("\x7f");
  t.screen();
  Termios modes = t.line.termios();
  modes.input_flags |= kIutf8;
  t.line.set_termios(modes);
  t.type("\xc3\xa9\x7f");
  EXPECT_EQ(t.screen(), "\xc3\xa9\b \b");
  t.type("x\n");
  EXPECT_EQ(t.read(), "x\n") << "both bytes of the letter went";
}

TEST(LineDisciplineTest, SignalKeys) {
  Terminal t;
  t.type("lost\003\034\032");
  EXPECT_EQ(t.signals, (std::vector<int32_t>{kSigInt, kSigQuit, kSigTstp}));
  EXPECT_EQ(t.screen(), "^Z") << "each key empties the queues first";
  t.type("kept\n");
  EXPECT_EQ(t.read(), "kept\n");
  t.signals.clear();
  t.set(kIsig);
  t.type("\003\n");
  EXPECT_TRUE(t.signals.empty());
  EXPECT_EQ(t.read(), "\003\n");
  t.set(0, kIsig | kNoflsh);
  t.type("stays\003\n");
  EXPECT_EQ(t.read(), "stays\n");
}

TEST(LineDisciplineTest, DisabledCharactersAreOrdinary) {
  Terminal t;
  Termios modes = t.line.termios();
  modes.chars[kVIntr] = 0;
  t.line.set_termios(modes);
  t.type(std::string_view("\0\003\n", 3));
  EXPECT_EQ(t.read(), std::string("\0\003\n", 3));
  EXPECT_TRUE(t.signals.empty());
}

TEST(LineDisciplineTest, EchoFlags) {
  Terminal t;
  t.set(kEcho);
  t.type("secret\n");
  EXPECT_EQ(t.screen(), "");
  t.set(0, kEchonl);
  t.type("secret\n");
  EXPECT_EQ(t.screen(), "\r\n");
  t.set(0, kEcho);
  t.set(kEchoctl);
  t.type("\001");
  EXPECT_EQ(t.screen(), "\001");
}

TEST(LineDisciplineTest, RawModeGivesBytesAtOnce) {
  Terminal t;
  t.type("half");
  t.set(kIcanon);
  EXPECT_EQ(t.read(), "half") << "the line being typed becomes readable";
  t.type("\x7f\4a");
  EXPECT_EQ(t.read(2), "\x7f\4");
  EXPECT_EQ(t.line.available(), 1u);
  t.set(0, kIcanon);
  EXPECT_EQ(t.read(), "a") << "raw bytes become a line";
}

TEST(LineDisciplineTest, InputModes) {
  Terminal t;
  const auto with = [&t](uint32_t flags) {
    Termios modes = t.line.termios();
    modes.input_flags = flags;
    t.line.set_termios(modes);
  };
  with(kIgncr);
  t.type("a\rb\n");
  EXPECT_EQ(t.read(), "ab\n");
  with(kInlcr | kIstrip);
  t.set(kIcanon);
  t.type("\n\xe1");
  EXPECT_EQ(t.read(), "\ra");
}

TEST(LineDisciplineTest, OutputModes) {
  Terminal t;
  t.line.write(bytes("a\nb\tc\r"));
  EXPECT_EQ(t.screen(), "a\r\nb\tc\r");
  Termios modes = t.line.termios();
  modes.output_flags = kOpost | kExpandTabs;
  t.line.set_termios(modes);
  t.line.write(bytes("b\tc\n"));
  EXPECT_EQ(t.screen(), "b       c\n");
  modes.output_flags = 0;
  t.line.set_termios(modes);
  t.line.write(bytes("\n\t"));
  EXPECT_EQ(t.screen(), "\n\t");
}

TEST(LineDisciplineTest, FlowControl) {
  Terminal t;
  t.type("\023");
  EXPECT_EQ(t.line.write(bytes("x")), 0u);
  EXPECT_EQ(t.screen(), "");
  t.type("\021");
  EXPECT_EQ(t.line.write(bytes("x")), 1u);
  EXPECT_EQ(t.screen(), "x");
}

TEST(LineDisciplineTest, QueuesAreBounded) {
  Terminal t;
  t.set(kEcho);
  const std::string much(10000, 'k');
  EXPECT_EQ(t.type(much), much.size()) << "an endless line is cut, not refused";
  t.type("\n");
  const std::string line = t.read(8192);
  EXPECT_EQ(line.size(), LineDiscipline::kInputLimit);
  EXPECT_EQ(line.back(), '\n');
  t.set(kIcanon);
  EXPECT_EQ(t.type(much), LineDiscipline::kInputLimit) << "raw input is refused, not lost";
  size_t written = 0;
  for (int i = 0; i < 100; ++i) written += t.line.write(bytes(much));
  EXPECT_LE(written, LineDiscipline::kOutputLimit + 1);
  t.screen();
  t.set(0, kEcho);
  for (int i = 0; i < 100; ++i) {
    t.type(std::string(4000, 'e'));
    t.read(8192);
  }
  EXPECT_LE(t.screen().size(), LineDiscipline::kOutputLimit * 2 + 2) << "echoes are bounded too";
}

// --- terminals of a sandbox

constexpr int32_t kEio = -5, kEnotty = -25, kEperm = -1, kEinval = -22, kEnxio = -6, kEsrch = -3,
                  kEintr = -4;

// A sandbox whose first program runs on a terminal that the test types on.
struct ShellBox {
  TestSandbox box;
  Ref<Tty> tty;

  ShellBox() { tty = *box.kernel().io().terminals().create(); }
  int32_t start(Body body) {
    static int number = 0;
    const std::string name = "shell" + std::to_string(++number);
    box.program(name, std::move(body));
    StartOptions options;
    options.path = "/bin/" + name;
    options.argv = {name};
    options.cwd = "/home";
    options.terminal = tty;
    const auto file = box.kernel().io().terminals().open_for_host(tty, kReadWrite);
    EXPECT_TRUE(file.ok());
    for (int32_t fd = 0; fd < 3; ++fd) options.files.emplace_back(fd, *file);
    const auto pid = box.kernel().start(std::move(options));
    EXPECT_TRUE(pid.ok());
    return pid.ok() ? *pid : -1;
  }
  void expect_success(int32_t pid) {
    EXPECT_EQ(box.run(pid), 0);
    for (const std::string& line : box.said())
      if (line.starts_with("failed: ")) ADD_FAILURE() << line;
  }
  void type(std::string_view keys) { EXPECT_TRUE(tty->master_write(bytes(keys)).ok()); }
  std::string screen() {
    uint8_t buffer[65536];
    const auto count = tty->master_read(buffer);
    return count.ok() ? std::string(reinterpret_cast<char*>(buffer), *count) : "";
  }
};

TEST(TtyTest, ReadsLinesThatTheHostTypes) {
  ShellBox shell;
  const int32_t pid = shell.start([](FakeGuest& g) {
    GUEST_CHECK(read(g, 0) == "hello\n");
    write(g, 1, "bye\n");
    g.exit(0);
  });
  EXPECT_EQ(shell.box.settle(), Kernel::Idle::kWaiting);
  shell.type("hello\r");
  shell.expect_success(pid);
  EXPECT_EQ(shell.screen(), "hello\r\nbye\r\n");
}

TEST(TtyTest, InterruptKeyReachesTheForeground) {
  ShellBox shell;
  const int32_t pid = shell.start([](FakeGuest& g) {
    read(g, 0);
    g.exit(0);
  });
  shell.box.settle();
  shell.type("\003");
  EXPECT_EQ(shell.box.run(pid), kSigInt);
  EXPECT_EQ(shell.screen(), "^C");
}

TEST(TtyTest, NamesAndNumbers) {
  ShellBox shell;
  const int32_t pid = shell.start([](FakeGuest& g) {
    g.text(kFree, "################");
    GUEST_CHECK(g.call("readlinkat", kAtFdCwd, g.text(kPathAt, "/proc/self/fd/0"), kFree, 64) ==
                10);
    GUEST_CHECK(g.string_at(kFree).starts_with("/dev/pts/0"));
    GUEST_CHECK(g.call("ioctl", 0, kTiocGsid, kFree) == 0);
    GUEST_CHECK(g.load<int32_t>(kFree) == g.call("getpid"));
    GUEST_CHECK(g.call("ioctl", 0, kTiocGpgrp, kFree) == 0);
    GUEST_CHECK(g.load<int32_t>(kFree) == g.call("getpid"));
    const int32_t again = open(g, "/dev/tty", kO_RDWR);
    GUEST_CHECK(again == 3);
    write(g, again, "same");
    GUEST_CHECK(open(g, "/dev/pts/0", kO_RDWR) == 4);
    GUEST_CHECK(open(g, "/dev/pts/1", kO_RDWR) == -2);
    g.exit(0);
  });
  shell.expect_success(pid);
  EXPECT_EQ(shell.screen(), "same");
}

TEST(TtyTest, WindowSizeAndItsSignal) {
  ShellBox shell;
  const int32_t pid = shell.start([](FakeGuest& g) {
    g.on_signal(16, [](FakeGuest& h, int32_t) { h.say("resized"); });
    g.sigaction(kSigWinch, 16);
    GUEST_CHECK(g.call("read", 0, kTextAt, 1) == kEintr);
    GUEST_CHECK(g.call("ioctl", 0, kTiocGwinsz, kFree) == 0);
    GUEST_CHECK(g.load<uint16_t>(kFree) == 50 && g.load<uint16_t>(kFree + 2) == 132);
    g.exit(0);
  });
  shell.box.settle();
  shell.tty->set_window({50, 132, 0, 0});
  shell.tty->set_window({50, 132, 0, 0});
  shell.expect_success(pid);
  EXPECT_EQ(shell.box.said(), Lines{"resized"}) << "the same size again is no news";
}

TEST(TtyTest, MinimumAndTime) {
  ShellBox shell;
  const int32_t pid = shell.start([](FakeGuest& g) {
    const auto set = [&g](uint8_t minimum, uint8_t time) {
      g.call("ioctl", 0, kTcGets, kFree);
      g.store<uint32_t>(kFree + 12, g.load<uint32_t>(kFree + 12) & ~uint32_t{kIcanon | kEcho});
      g.store<uint8_t>(kFree + 17 + 6, minimum);
      g.store<uint8_t>(kFree + 17 + 5, time);
      g.call("ioctl", 0, kTcSets, kFree);
    };
    set(0, 0);
    GUEST_CHECK(read(g, 0).empty());
    set(0, 5);
    GUEST_CHECK(read(g, 0).empty());  // half a second later
    g.say("typing");
    set(3, 0);
    GUEST_CHECK(read(g, 0) == "abcd");
    set(9, 1);
    GUEST_CHECK(read(g, 0) == "xy");  // the pause ends it
    g.exit(0);
  });
  while (shell.box.said().empty()) {
    if (shell.box.settle() != Kernel::Idle::kWaiting || !shell.box.said().empty()) continue;
    shell.box.clock().now = shell.box.kernel().next_deadline();
  }
  shell.type("ab");
  shell.box.settle();
  shell.type("cd");
  shell.box.settle();
  shell.type("xy");
  shell.expect_success(pid);
}

TEST(TtyTest, BackgroundReadStopsAndGoesOn) {
  ShellBox shell;
  const int32_t pid = shell.start([](FakeGuest& g) {
    const int32_t child = g.fork();
    if (child == 0) {
      g.call("setpgid", 0, 0);
      g.say("child got " + read(g, 0));
      g.exit(0);
    }
    g.call("setpgid", child, child);
    int32_t status = 0;
    GUEST_CHECK(g.wait(child, &status, 2 | 4) == child);
    GUEST_CHECK(status == ((kSigTtin << 8) | 0x7f));
    g.store<int32_t>(kFree, child);
    GUEST_CHECK(g.call("ioctl", 0, kTiocSpgrp, kFree) == 0);
    g.call("kill", -child, kSigCont);
    GUEST_CHECK(g.wait(child, &status) == child);
    g.exit(status);
  });
  shell.box.settle();
  shell.type("line\n");
  shell.expect_success(pid);
  EXPECT_EQ(shell.box.said(), Lines{"child got line\n"});
}

TEST(TtyTest, BackgroundRules) {
  ShellBox shell;
  const int32_t pid = shell.start([](FakeGuest& g) {
    const int32_t child = g.fork();
    if (child == 0) {
      g.call("setpgid", 0, 0);
      write(g, 1, "writes go through\n");
      g.sigaction(kSigTtin, 1);
      GUEST_CHECK(g.call("read", 0, kTextAt, 1) == kEio);
      // Taking the foreground from the background needs SIGTTOU out of the way.
      g.sigaction(kSigTtou, 1);
      g.store<int32_t>(kFree, g.call("getpid"));
      GUEST_CHECK(g.call("ioctl", 0, kTiocSpgrp, kFree) == 0);
      g.store<int32_t>(kFree, 9999);
      GUEST_CHECK(g.call("ioctl", 0, kTiocSpgrp, kFree) == kEsrch);
      g.store<int32_t>(kFree, -1);
      GUEST_CHECK(g.call("ioctl", 0, kTiocSpgrp, kFree) == kEinval);
      // Another session has no terminal.
      const int32_t other = g.fork();
      if (other == 0) {
        GUEST_CHECK(g.call("setsid") > 0);
        GUEST_CHECK(open(g, "/dev/tty", kO_RDWR) == kEnxio);
        GUEST_CHECK(g.call("ioctl", 0, kTiocGpgrp, kFree) == kEnotty);
        GUEST_CHECK(g.call("ioctl", 0, kTiocSctty, 0) == kEperm);
        GUEST_CHECK(g.call("ioctl", 0, kTiocSpgrp, kFree) == kEnotty);
        g.exit(0);
      }
      int32_t status = 0;
      g.wait(other, &status);
      g.exit(status == 0 ? 0 : 2);
    }
    int32_t status = 0;
    g.wait(child, &status);
    g.exit(status >> 8);
  });
  shell.expect_success(pid);
  EXPECT_EQ(shell.screen(), "writes go through\r\n");
}

TEST(TtyTest, TostopStopsBackgroundWriters) {
  ShellBox shell;
  const int32_t pid = shell.start([](FakeGuest& g) {
    g.call("ioctl", 0, kTcGets, kFree);
    g.store<uint32_t>(kFree + 12, g.load<uint32_t>(kFree + 12) | kTostop);
    g.call("ioctl", 0, kTcSets, kFree);
    const int32_t child = g.fork();
    if (child == 0) {
      g.call("setpgid", 0, 0);
      write(g, 1, "x");
      g.exit(0);
    }
    int32_t status = 0;
    g.wait(child, &status, 2 | 4);
    g.exit(status == ((kSigTtou << 8) | 0x7f) ? 0 : 1);
  });
  shell.expect_success(pid);
}

TEST(TtyTest, HangUpEndsTheSession) {
  ShellBox shell;
  const int32_t pid = shell.start([](FakeGuest& g) {
    g.sigaction(kSigHup, 1);
    GUEST_CHECK(read(g, 0) == "!5");
    GUEST_CHECK(read(g, 0).empty());
    GUEST_CHECK(write(g, 1, "x") == kEio);
    GUEST_CHECK(g.call("ioctl", 0, kTcGets, kFree) == kEio);
    GUEST_CHECK(g.call("ioctl", 0, kTiocSpgrp, kFree) == kEnotty);
    GUEST_CHECK(open(g, "/dev/tty", kO_RDWR) == kEnxio);
    GUEST_CHECK(open(g, "/dev/pts/0", kO_RDWR) < 0);
    g.exit(0);
  });
  shell.box.settle();
  shell.tty->hang_up();
  shell.expect_success(pid);

  ShellBox other;
  const int32_t victim = other.start([](FakeGuest& g) {
    read(g, 0);
    g.exit(0);
  });
  other.box.settle();
  other.tty->hang_up();
  EXPECT_EQ(other.box.run(victim), kSigHup);
}

// Linux tells the leader alone when the screen goes; its foreground group learns it at its end.
TEST(TtyTest, AHungUpSessionsJobsAreToldAtItsLeadersEnd) {
  ShellBox shell;
  const int32_t pid = shell.start([](FakeGuest& g) {
    g.sigaction(kSigHup, 1);
    const PipeFds go = pipe(g), ready = pipe(g);
    const int32_t child = g.fork();
    if (child == 0) {
      g.on_signal(16, [](FakeGuest& h, int32_t) { h.say("hung up"); });
      g.sigaction(kSigHup, 16);
      g.call("setpgid", 0, 0);
      write(g, ready.write, "x");
      read(g, go.read);
      g.say("the leader is there");
      write(g, ready.write, "x");
      while (g.call("nanosleep", kFree + 64, 0) == 0) g.store<int64_t>(kFree + 64, 1);
      g.exit(0);
    }
    read(g, ready.read, 1);
    g.store<int32_t>(kFree, child);
    g.call("ioctl", 0, kTiocSpgrp, kFree);
    uint16_t events = 0;
    GUEST_CHECK(poll_one(g, 0, 1, events, -1) == 1);
    GUEST_CHECK(read(g, 0).empty());
    write(g, go.write, "x");
    read(g, ready.read, 1);
    g.exit(0);
  });
  shell.box.settle();
  shell.tty->hang_up();
  shell.expect_success(pid);
  for (int turn = 0; turn < 10 && shell.box.said().size() < 2; ++turn) shell.box.settle();
  EXPECT_EQ(shell.box.said(), (Lines{"the leader is there", "hung up"}));
}

TEST(TtyTest, LeaderExitHangsUpItsJobs) {
  ShellBox shell;
  const int32_t pid = shell.start([](FakeGuest& g) {
    const PipeFds fds = pipe(g);
    const int32_t child = g.fork();
    if (child == 0) {
      g.on_signal(16, [](FakeGuest& h, int32_t) { h.say("hung up"); });
      g.sigaction(kSigHup, 16);
      g.call("setpgid", 0, 0);
      g.store<int32_t>(kFree, g.call("getpid"));
      g.sigaction(kSigTtou, 1);
      g.call("ioctl", 0, kTiocSpgrp, kFree);
      write(g, fds.write, "x");
      while (g.call("nanosleep", kFree + 64, 0) == 0) g.store<int64_t>(kFree + 64, 1);
      GUEST_CHECK(open(g, "/dev/tty", kO_RDWR) == kEnxio);
      g.say("no terminal");
      g.exit(0);
    }
    read(g, fds.read);
    g.exit(0);
  });
  shell.expect_success(pid);
  for (int turn = 0; turn < 10 && shell.box.said().size() < 2; ++turn) shell.box.settle();
  EXPECT_EQ(shell.box.said(), (Lines{"hung up", "no terminal"}));
}

TEST(TtyTest, TerminalMayOutliveItsKernel) {
  Ref<Tty> kept;
  {
    ShellBox shell;
    kept = shell.tty;
  }
  EXPECT_FALSE(kept->master_write(bytes("x")).ok());
}

// --- pseudo-terminals made by guests

TEST(PtyTest, MasterAndSlave) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const int32_t master = open(g, "/dev/ptmx", kO_RDWR | kO_NOCTTY);
    GUEST_CHECK(master == 0);
    GUEST_CHECK(g.call("ioctl", master, kTiocGptn, kFree) == 0);
    GUEST_CHECK(g.load<uint32_t>(kFree) == 0);
    GUEST_CHECK(open(g, "/dev/pts/0", kO_RDWR | kO_NOCTTY) == kEio);  // locked
    g.store<int32_t>(kFree, 0);
    GUEST_CHECK(g.call("ioctl", master, kTiocSptlck, kFree) == 0);
    const int32_t slave = open(g, "/dev/pts/0", kO_RDWR | kO_NOCTTY);
    GUEST_CHECK(slave == 1);
    GUEST_CHECK(open(g, "/dev/tty", kO_RDWR) == kEnxio);
    GUEST_CHECK(write(g, master, "in\n") == 3);
    GUEST_CHECK(read(g, slave) == "in\n");
    GUEST_CHECK(write(g, slave, "out\n") == 4);
    GUEST_CHECK(read(g, master) == "in\r\nout\r\n");
    uint16_t events = 0;
    GUEST_CHECK(poll_one(g, master, 1, events, 0) == 0);
    g.call("close", slave);
    GUEST_CHECK(g.call("read", master, kTextAt, 10) == kEio);
    GUEST_CHECK(poll_one(g, master, 1, events, -1) == 1 && events == 16);
    const int32_t peer = g.call("ioctl", master, kTiocGptpeer, kO_RDWR | kO_NOCTTY);
    GUEST_CHECK(peer == 1);
    g.call("close", master);
    GUEST_CHECK(read(g, peer).empty());
    GUEST_CHECK(write(g, peer, "x") == kEio);
    GUEST_CHECK(open(g, "/dev/pts/0", kO_RDWR) < 0);
    g.exit(0);
  });
}

TEST(PtyTest, OpeningGivesALeaderItsTerminal) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const int32_t master = open(g, "/dev/ptmx", kO_RDWR);
    g.store<int32_t>(kFree, 0);
    g.call("ioctl", master, kTiocSptlck, kFree);
    const int32_t child = g.fork();
    if (child == 0) {
      g.call("setsid");
      const int32_t slave = open(g, "/dev/pts/0", kO_RDWR);
      GUEST_CHECK(slave == 1);
      GUEST_CHECK(open(g, "/dev/tty", kO_RDWR) == 2);
      GUEST_CHECK(g.call("ioctl", slave, kTiocSctty, 0) == 0);
      GUEST_CHECK(g.call("ioctl", slave, kTiocNotty, 0) == 0);
      GUEST_CHECK(open(g, "/dev/tty", kO_RDWR) == kEnxio);
      GUEST_CHECK(g.call("ioctl", slave, kTiocNotty, 0) == kEnotty);
      GUEST_CHECK(g.call("ioctl", slave, kTiocSctty, 0) == 0);
      read(g, slave);  // until the master hangs up
      g.exit(3);
    }
    for (int i = 0; i < 8; ++i) g.call("sched_yield");
    g.call("close", master);
    int32_t status = 0;
    g.wait(child, &status);
    GUEST_CHECK(status == kSigHup);
    g.exit(0);
  });
}

TEST(PtyTest, NumbersRunOut) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    for (int i = 0; i < 256; ++i) GUEST_CHECK(open(g, "/dev/ptmx", kO_RDWR) == i);
    GUEST_CHECK(open(g, "/dev/ptmx", kO_RDWR) == -28);
    g.call("close", 7);
    GUEST_CHECK(open(g, "/dev/ptmx", kO_RDWR) == 7);
    g.exit(0);
  });
}

}  // namespace
}  // namespace cloche::kernel::testing
