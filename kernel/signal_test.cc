// Signals: dispositions, masks, delivery, waiting, job control, timers.
#include "kernel/signal.h"

#include <gtest/gtest.h>

#include "kernel/testing/sandbox.h"

namespace cloche::kernel::testing {
namespace {

constexpr int32_t kEagain = -11, kEintr = -4, kEinval = -22, kEsrch = -3, kEperm = -1;
constexpr uint32_t kData = 0x2000, kHandler = 20;
constexpr uint32_t kExited = 4;
using Lines = std::vector<std::string>;

void say_signals(FakeGuest& g) {
  g.on_signal(kHandler, [](FakeGuest& guest, int32_t signo) { guest.say(signal_name(signo)); });
}

int32_t block(FakeGuest& g, SignalSet set, int how = 0) {
  g.store(kData + 0x100, set);
  return g.call("rt_sigprocmask", how, kData + 0x100, 0, 8);
}

TEST(PendingSignalsTest, StandardOnceRealtimeQueued) {
  PendingSignals pending;
  for (uint32_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(pending.add({.signo = kSigUsr1, .value = i}));
    EXPECT_TRUE(pending.add({.signo = 40, .value = i}));
  }
  SignalInfo info;
  EXPECT_TRUE(pending.take(~SignalSet{0}, info));
  EXPECT_EQ(info.signo, kSigUsr1);
  EXPECT_EQ(info.value, 0u);
  for (uint32_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(pending.take(~SignalSet{0}, info));
    EXPECT_EQ(info.signo, 40);
    EXPECT_EQ(info.value, i);
  }
  EXPECT_FALSE(pending.take(~SignalSet{0}, info));
  EXPECT_EQ(pending.set(), 0u);
}

TEST(PendingSignalsTest, QueueIsLimited) {
  PendingSignals pending;
  for (size_t i = 0; i < PendingSignals::kQueueLimit; ++i) EXPECT_TRUE(pending.add({.signo = 35}));
  EXPECT_FALSE(pending.add({.signo = 35}));
  EXPECT_TRUE(pending.add({.signo = kSigTerm})) << "standard signals always fit";
  pending.remove(signal_bit(35));
  EXPECT_EQ(pending.set(), signal_bit(kSigTerm));
}

TEST(SignalTest, DefaultActionsEndTheProcess) {
  for (const int32_t signo : {int32_t{kSigTerm}, int32_t{kSigKill}, int32_t{kSigUsr1}, 64}) {
    TestSandbox box;
    EXPECT_EQ(box.run_program([signo](FakeGuest& g) {
      g.call("kill", g.call("getpid"), signo);
      g.say("survived");
    }),
              signo);
    EXPECT_EQ(box.said(), Lines{});
  }
}

TEST(SignalTest, HandlersRunBeforeKillReturnsAndMasksHold) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    say_signals(g);
    g.sigaction(kSigUsr1, kHandler);
    g.sigaction(kSigUsr2, kHandler);
    const int32_t self = g.call("getpid");
    block(g, signal_bit(kSigUsr2));
    g.call("kill", self, kSigUsr2);
    g.call("kill", self, kSigUsr1);
    g.say("unblock");
    block(g, signal_bit(kSigUsr2), 1);
    g.say("end");
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(box.said(), (Lines{"SIGUSR1", "unblock", "SIGUSR2", "end"}));
}

TEST(SignalTest, ResethandAndNodefer) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    g.on_signal(kHandler, [](FakeGuest& guest, int32_t) { guest.say("once"); });
    g.sigaction(kSigUsr1, kHandler, kSaResetHand);
    const int32_t self = g.call("getpid");
    g.call("kill", self, kSigUsr1);
    g.call("kill", self, kSigUsr1);
    g.say("not reached");
  });
  EXPECT_EQ(status, kSigUsr1);
  EXPECT_EQ(box.said(), Lines{"once"});
}

TEST(SignalTest, KillAndStopCannotBeCaughtOrBlocked) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    if (g.sigaction(kSigKill, kHandler) != kEinval) g.exit(1);
    if (g.sigaction(kSigStop, 1) != kEinval) g.exit(2);
    block(g, ~SignalSet{0});
    g.call("rt_sigprocmask", 0, 0, kData, 8);
    const auto mask = g.load<uint64_t>(kData);
    if (mask & kUnblockable) g.exit(3);
    if (g.call("rt_sigprocmask", 3, kData, 0, 8) != kEinval) g.exit(4);
    if (g.call("rt_sigprocmask", 0, kData, 0, 4) != kEinval) g.exit(5);
    if (g.call("kill", g.call("getpid"), 65) != kEinval) g.exit(6);
    if (g.call("kill", 9999, 0) != kEsrch) g.exit(7);
    g.call("kill", g.call("getpid"), kSigKill);
    g.say("survived");
  });
  EXPECT_EQ(status, kSigKill);
  EXPECT_EQ(box.said(), Lines{});
}

// A pipe would do as well; waitid is what this side has.
TEST(SignalTest, BlockedCallsAreInterruptedOrRestarted) {
  for (const bool restart : {false, true}) {
    TestSandbox box;
    const int32_t status = box.run_program([restart](FakeGuest& g) {
      say_signals(g);
      g.sigaction(kSigUsr1, kHandler, restart ? uint32_t{kSaRestart} : 0u);
      const int32_t self = g.call("getpid");
      const int32_t pid = g.fork();
      if (pid == 0) {
        for (int i = 0; i < 2; ++i) g.call("sched_yield");
        g.call("kill", self, kSigUsr1);
        for (int i = 0; i < 4; ++i) g.call("sched_yield");
        g.exit(5);
      }
      int32_t wait_status = 0;
      const int32_t result = g.wait(pid, &wait_status);
      g.say(result == kEintr ? "EINTR" : "restarted");
    });
    EXPECT_EQ(status, 0);
    EXPECT_EQ(box.said(), (Lines{"SIGUSR1", restart ? "restarted" : "EINTR"}));
  }
}

TEST(SignalTest, HandlersOfSeveralSignalsRunAsLinuxStacksThem) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    g.on_signal(kHandler, [](FakeGuest& guest, int32_t signo) {
      guest.call("rt_sigprocmask", 0, 0, kData, 8);
      guest.say(std::string(signal_name(signo)) + " " +
                std::to_string((guest.load<uint64_t>(kData) & signal_bit(kSigHup)) != 0));
    });
    const int32_t self = g.call("getpid");
    for (const int32_t signo : {int32_t{kSigHup}, int32_t{kSigUsr1}, int32_t{kSigCont}}) {
      g.sigaction(signo, kHandler);
      block(g, signal_bit(signo));
      g.call("kill", self, signo);
    }
    block(g, ~SignalSet{0}, 1);
  });
  EXPECT_EQ(status, 0);
  // The lowest number is delivered first, so its frame is the outermost and runs last.
  EXPECT_EQ(box.said(), (Lines{"SIGCONT 1", "SIGUSR1 1", "SIGHUP 1"}));
}

TEST(SignalTest, IgnoredSignalsDoNotWakeAnyone) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    g.sigaction(kSigUsr1, 1);
    const int32_t self = g.call("getpid");
    const int32_t pid = g.fork();
    if (pid == 0) {
      g.call("kill", self, kSigUsr1);
      g.call("kill", self, kSigWinch);  // ignored by default
      for (int i = 0; i < 4; ++i) g.call("sched_yield");
      g.exit(0);
    }
    int32_t wait_status;
    g.exit(g.wait(pid, &wait_status) == pid ? 0 : 1);
  });
  EXPECT_EQ(status, 0);
}

TEST(SignalTest, SigsuspendSwapsTheMask) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    say_signals(g);
    g.sigaction(kSigUsr1, kHandler);
    block(g, signal_bit(kSigUsr1));
    const int32_t self = g.call("getpid");
    if (g.fork() == 0) {
      g.call("kill", self, kSigUsr1);
      g.exit(0);
    }
    g.store(kData, SignalSet{0});
    if (g.call("rt_sigsuspend", kData, 8) != kEintr) g.exit(1);
    g.call("rt_sigprocmask", 0, 0, kData, 8);
    g.exit(g.load<uint64_t>(kData) == signal_bit(kSigUsr1) ? 0 : 2);
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(box.said(), Lines{"SIGUSR1"});
}

TEST(SignalTest, SigtimedwaitTakesWithoutHandler) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    block(g, signal_bit(kSigChld) | signal_bit(kSigUsr1));
    const int32_t pid = g.fork();
    if (pid == 0) g.exit(3);
    g.store(kData, signal_bit(kSigChld));
    if (g.call("rt_sigtimedwait_time64", kData, kData + 16, 0, 8) != kSigChld) g.exit(1);
    if (g.load<int32_t>(kData + 16 + 12) != pid) g.exit(2);
    if (g.load<int32_t>(kData + 16 + 20) != 3) g.exit(3);
    g.store<int64_t>(kData + 8, 0);
    g.store<int64_t>(kData + 16, 1000);
    if (g.call("rt_sigtimedwait_time64", kData, 0, kData + 8, 8) != kEagain) g.exit(4);
    g.store<int64_t>(kData + 16, 2'000'000'000);
    if (g.call("rt_sigtimedwait_time64", kData, 0, kData + 8, 8) != kEinval) g.exit(5);
  });
  EXPECT_EQ(status, 0);
}

TEST(SignalTest, PendingSurvivesUntilUnblockedWithDefaultAction) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    block(g, signal_bit(kSigTerm));
    g.call("kill", g.call("getpid"), kSigTerm);
    g.call("rt_sigpending", kData, 8);
    if (g.load<uint64_t>(kData) != signal_bit(kSigTerm)) g.exit(1);
    if (g.call("rt_sigpending", -8, 0) != 0) g.exit(2);  // no bytes: wherever it points
    g.say("before");
    block(g, signal_bit(kSigTerm), 1);
    g.say("after");
  });
  EXPECT_EQ(status, kSigTerm);
  EXPECT_EQ(box.said(), Lines{"before"});
}

TEST(SignalTest, IgnoringDropsWhatIsPending) {
  TestSandbox box;
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    block(g, signal_bit(kSigTerm));
    g.call("kill", g.call("getpid"), kSigTerm);
    g.sigaction(kSigTerm, 1);
    g.sigaction(kSigTerm, 0);
    block(g, signal_bit(kSigTerm), 1);
    g.exit(4);
  }),
            4 << 8);
}

TEST(SignalTest, StoppedProcessRunsOnlyAfterCont) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    const int32_t pid = g.fork();
    if (pid == 0) {
      for (;;) g.tick();
    }
    g.call("sched_yield");
    g.call("kill", pid, kSigStop);
    g.call("kill", pid, kSigTerm);  // pending: the process is stopped
    for (int i = 0; i < 3; ++i) g.call("sched_yield");
    int32_t wait_status = 0;
    if (g.wait(pid, &wait_status, kExited | 1) != 0) g.exit(1);
    g.call("kill", pid, kSigCont);
    if (g.wait(pid, &wait_status) != pid) g.exit(2);
    g.exit(wait_status);
  });
  EXPECT_EQ(status, kSigTerm << 8);
}

TEST(SignalTest, SigkillEndsStoppedAndTightLoops) {
  for (const bool stop : {false, true}) {
    TestSandbox box;
    const int32_t status = box.run_program([stop](FakeGuest& g) {
      const int32_t pid = g.fork();
      if (pid == 0) {
        for (;;) g.tick();
      }
      if (stop) g.call("kill", pid, kSigStop);
      g.call("sched_yield");
      g.call("kill", pid, kSigKill);
      int32_t wait_status = 0;
      g.wait(pid, &wait_status);
      g.exit(wait_status);
    });
    EXPECT_EQ(status, kSigKill << 8);
  }
}

TEST(SignalTest, TerminalStopsAreDroppedInOrphanedGroups) {
  TestSandbox box;
  // The first process leads a session whose parent is outside: its group is orphaned.
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    g.call("kill", g.call("getpid"), kSigTstp);
    g.exit(3);
  }),
            3 << 8);
}

TEST(SignalTest, NewlyOrphanedStoppedGroupGetsHupAndCont) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    const int32_t middle = g.fork();
    if (middle == 0) {
      const int32_t child = g.fork();
      if (child == 0) {
        say_signals(g);
        g.sigaction(kSigHup, kHandler);
        g.call("setpgid", 0, 0);
        g.call("kill", g.call("getpid"), kSigStop);
        g.call("getpid");  // where a handler can run next
        g.say("woken");
        g.exit(0);
      }
      int32_t wait_status;
      g.wait(child, &wait_status, kExited | 2);
      g.exit(0);
    }
    int32_t wait_status;
    g.wait(middle, &wait_status);
    for (int i = 0; i < 20; ++i) g.call("sched_yield");
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(box.said(), (Lines{"SIGHUP", "woken"}));
}

TEST(SignalTest, GroupsAreSignalledTogether) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    int32_t first = 0;
    for (int i = 0; i < 3; ++i) {
      const int32_t pid = g.fork();
      if (pid == 0) {
        for (;;) g.tick();
      }
      if (!first) first = pid;
      g.call("setpgid", pid, first);
    }
    if (g.call("kill", -first, kSigTerm) != 0) g.exit(1);
    int32_t ended = 0, wait_status = 0;
    while (g.wait(-1, &wait_status) > 0) ended += wait_status == kSigTerm;
    if (g.call("kill", -first, 0) != kEsrch) g.exit(2);
    g.exit(ended);
  });
  EXPECT_EQ(status, 3 << 8);
}

TEST(SignalTest, ExecKeepsIgnoredAndResetsCaught) {
  TestSandbox box;
  box.program("child", [](FakeGuest& g) {
    g.call("rt_sigaction", kSigUsr1, 0, kData, 8);
    g.say("usr1 " + std::to_string(g.load<uint32_t>(kData)));
    g.call("rt_sigaction", kSigUsr2, 0, kData, 8);
    g.say("usr2 " + std::to_string(g.load<uint32_t>(kData)));
    g.exit(0);
  });
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    g.sigaction(kSigUsr1, 1);
    g.sigaction(kSigUsr2, kHandler);
    g.call("execve", g.text(0x3000, "/bin/child"), 0, 0);
    g.exit(1);
  }),
            0);
  EXPECT_EQ(box.said(), (Lines{"usr1 1", "usr2 0"}));
}

TEST(SignalTest, QueueinfoMayNotPretendToBeTheKernel) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    const int32_t pid = g.fork();
    if (pid == 0) {
      for (;;) g.tick();
    }
    g.store<int32_t>(kData + 8, 0x80);  // SI_KERNEL
    if (g.call("rt_sigqueueinfo", pid, 40, kData) != kEperm) g.exit(1);
    g.store<int32_t>(kData + 8, -1);  // SI_QUEUE
    if (g.call("rt_sigqueueinfo", pid, 40, kData) != 0) g.exit(2);
    int32_t wait_status;
    g.wait(pid, &wait_status);
    g.exit(wait_status);
  });
  EXPECT_EQ(status, 40 << 8);
}

TEST(TimeTest, NanosleepWaitsAndTellsWhatIsLeft) {
  TestSandbox box;
  const int64_t before = box.clock().now;
  const int32_t status = box.run_program([](FakeGuest& g) {
    g.store<int64_t>(kData, 2);
    g.store<int64_t>(kData + 8, 0);
    if (g.call("clock_nanosleep_time64", 1, 0, kData, 0) != 0) g.exit(1);
    say_signals(g);
    g.sigaction(kSigAlrm, kHandler, kSaRestart);
    g.store<int32_t>(kData + 16, 0);
    g.store<int32_t>(kData + 20, 0);
    g.store<int32_t>(kData + 24, 1);
    g.store<int32_t>(kData + 28, 0);
    if (g.call("setitimer", 0, kData + 16, 0) != 0) g.exit(2);
    if (g.call("clock_nanosleep_time64", 1, 0, kData, kData + 32) != kEintr) g.exit(3);
    const auto left = g.load<int64_t>(kData + 32) * 1'000'000'000 + g.load<int64_t>(kData + 40);
    g.exit(left > 900'000'000 && left <= 1'000'000'000 ? 0 : 4);
  });
  EXPECT_EQ(status, 0);
  EXPECT_GE(box.clock().now - before, 3'000'000'000);
  EXPECT_EQ(box.said(), Lines{"SIGALRM"});
}

// What guests read is rounded; how long they wait is not.
TEST(TimeTest, GuestsReadClocksInSteps) {
  constexpr int64_t kStep = 1'000'000;
  TestSandbox box({}, nullptr, kStep);
  EXPECT_EQ(box.run_program([&box](FakeGuest& g) {
    const auto read = [&g](uint32_t at) {
      return g.load<int64_t>(at) * 1'000'000'000 + g.load<int64_t>(at + 8);
    };
    const auto host = [&g, &box] { return g.ask([&box] { return box.clock().now; }); };
    box.clock().now += 345'678;
    for (const int32_t clock : {0, 1, 2, 3, 4, 5, 6, 7, 11, -6, -2}) {
      if (g.call("clock_gettime64", clock, kData) != 0) g.exit(1);
      if (read(kData) % kStep != 0) g.exit(2);
      if (g.call("clock_getres_time64", clock, kData) != 0 || read(kData) % kStep != 0) g.exit(3);
    }
    g.call("clock_getres_time64", 1, kData);
    if (read(kData) != kStep) g.exit(4);
    g.call("clock_gettime64", 1, kData);
    const int64_t lag = host() - read(kData);
    if (lag < 0 || lag >= kStep + 1000) g.exit(5);
    // 123,456 ns are slept, not 0 and not a step.
    g.store<int64_t>(kData, 0);
    g.store<int64_t>(kData + 8, 123'456);
    const int64_t before = host();
    if (g.call("clock_nanosleep_time64", 1, 0, kData, 0) != 0) g.exit(6);
    const int64_t slept = host() - before;
    if (slept < 123'456 || slept > 130'000) g.exit(7);
    // What is left of a timer is told in steps, and never as less than it is.
    for (uint32_t i = 0; i < 4; ++i) g.store<int32_t>(kData + 4 * i, 0);
    g.store<int32_t>(kData + 8, 5);
    if (g.call("setitimer", 0, kData, 0) != 0 || g.call("getitimer", 0, kData) != 0) g.exit(8);
    if (g.load<int32_t>(kData + 8) != 5 || g.load<int32_t>(kData + 12) != 0) g.exit(9);
    if (g.call("getrusage", 0, kData) != 0 || g.load<int32_t>(kData + 4) % 1000 != 0) g.exit(10);
  }),
            0);
}

TEST(TimeTest, TheRestOfASleepIsNeitherShorterNorLongerThanTheSleep) {
  for (const int64_t step : {int64_t{1}, int64_t{100'000}, int64_t{1'000'000'000}}) {
    TestSandbox box({}, nullptr, step);
    EXPECT_EQ(box.run_program([step](FakeGuest& g) {
      say_signals(g);
      g.sigaction(kSigAlrm, kHandler, kSaRestart);
      for (uint32_t i = 0; i < 4; ++i) g.store<int32_t>(kData + 16 + 4 * i, 0);
      g.store<int32_t>(kData + 28, 300'000);
      if (g.call("setitimer", 0, kData + 16, 0) != 0) g.exit(1);
      g.store<int64_t>(kData, 0);
      g.store<int64_t>(kData + 8, 700'000'000);
      if (g.call("clock_nanosleep_time64", 1, 0, kData, kData + 32) != kEintr) g.exit(2);
      const int64_t left = g.load<int64_t>(kData + 40);
      if (g.load<int64_t>(kData + 32) != 0 || left > 700'000'000 || left < 399'999'000) g.exit(3);
      if (left > 400'000'000 + step) g.exit(4);
    }),
              0)
        << step;
  }
}

TEST(TimeTest, BadTimesAndClocks) {
  TestSandbox box;
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    g.store<int64_t>(kData, -1);
    g.store<int64_t>(kData + 8, 0);
    if (g.call("clock_nanosleep_time64", 1, 0, kData, 0) != kEinval) g.exit(1);
    if (g.call("clock_gettime64", 77, kData) != kEinval) g.exit(2);
    if (g.call("clock_gettime64", 0, 0xffffffffu) != -14) g.exit(3);
    g.store<int64_t>(kData, 5);
    if (g.call("clock_settime64", 0, kData) != kEperm) g.exit(4);
    for (uint32_t i = 0; i < 4; ++i) g.store<int32_t>(kData + 4 * i, 0);
    if (g.call("setitimer", 3, kData, 0) != kEinval) g.exit(5);
    g.store<int32_t>(kData + 12, 1'000'000);
    if (g.call("setitimer", 0, kData, 0) != kEinval) g.exit(6);
  }),
            0);
}

TEST(TimeTest, CpuTimersAndLimitsInterruptLoops) {
  for (const int32_t which : {1, 2}) {
    TestSandbox box;
    EXPECT_EQ(box.run_program([which](FakeGuest& g) {
      for (uint32_t i = 0; i < 4; ++i) g.store<int32_t>(kData + 4 * i, 0);
      g.store<int32_t>(kData + 12, 5);  // microseconds
      if (g.call("setitimer", which, kData, 0) != 0) g.exit(1);
      g.call("getitimer", which, kData);
      if (g.load<int32_t>(kData + 12) <= 0) g.exit(2);
      for (;;) g.tick();
    }),
              which == 1 ? kSigVtAlrm : kSigProf);
  }
  TestSandbox box;
  EXPECT_EQ(box.run_program([&box](FakeGuest& g) {
    say_signals(g);
    g.sigaction(kSigXcpu, kHandler);
    g.store<uint64_t>(kData, 1);
    g.store<uint64_t>(kData + 8, 3);
    if (g.call("prlimit64", 0, 0, kData, 0) != 0) g.exit(1);
    for (;;) {
      box.clock().now += 100'000'000;
      g.tick();
      g.call("getpid");
    }
  }),
            kSigKill);
  EXPECT_EQ(box.said(), (Lines{"SIGXCPU", "SIGXCPU"}));
}

TEST(TimeTest, PosixTimersSignalAndCountOverruns) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    block(g, signal_bit(40));
    g.store<int32_t>(kData, 77);      // value
    g.store<int32_t>(kData + 4, 40);  // signo
    g.store<int32_t>(kData + 8, 0);   // SIGEV_SIGNAL
    if (g.call("timer_create", 1, kData, kData + 16) != 0) g.exit(1);
    const auto id = g.load<int32_t>(kData + 16);
    g.store<int64_t>(kData, 0);
    g.store<int64_t>(kData + 8, 1000);
    g.store<int64_t>(kData + 16, 0);
    g.store<int64_t>(kData + 24, 1'000'000);
    if (g.call("timer_settime64", id, 0, kData, 0) != 0) g.exit(2);
    g.store(kData + 64, signal_bit(40));
    if (g.call("rt_sigtimedwait_time64", kData + 64, kData + 128, 0, 8) != 40) g.exit(3);
    if (g.load<int32_t>(kData + 128 + 20) != 77) g.exit(4);
    if (g.call("timer_delete", id) != 0) g.exit(5);
    if (g.call("timer_delete", id) != kEinval) g.exit(6);
  });
  EXPECT_EQ(status, 0);
}

TEST(FutexTest, WaitWakeRequeueTimeout) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    constexpr uint32_t kThread = 0x10f00;
    if (g.call("futex_time64", kData, 0, 1, 0, 0, 0) != kEagain) g.exit(1);  // other value
    g.store<int64_t>(kData + 16, 0);
    g.store<int64_t>(kData + 24, 5000);
    if (g.call("futex_time64", kData, 0, 0, kData + 16, 0, 0) != -110) g.exit(2);
    if (g.call("futex_time64", kData + 1, 0, 0, 0, 0, 0) != kEinval) g.exit(3);
    for (int i = 0; i < 3; ++i) {
      if (g.call("kern.clone", kThread, 0x8000, 0, 0, 0) == 0) {
        const int32_t result = g.call("futex_time64", kData, 0, 0, 0, 0, 0);
        g.say("woken " + std::to_string(result));
        g.call("kern.thread_exit", 0);
      }
    }
    for (int i = 0; i < 3; ++i) g.call("sched_yield");
    if (g.call("futex_time64", kData, 4, 1, 1, kData + 4, 9) != kEagain) g.exit(4);
    // One is woken, one moves to the other futex, one stays.
    if (g.call("futex_time64", kData, 4, 1, 1, kData + 4, 0) != 2) g.exit(5);
    if (g.call("futex_time64", kData + 4, 1, 10, 0, 0, 0) != 1) g.exit(6);
    if (g.call("futex_time64", kData, 1, 10, 0, 0, 0) != 1) g.exit(7);
    for (int i = 0; i < 5; ++i) g.call("sched_yield");
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(box.said(), (Lines{"woken 0", "woken 0", "woken 0"}));
}

}  // namespace
}  // namespace cloche::kernel::testing
