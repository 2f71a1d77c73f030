// Processes and threads: fork, exec, wait, exit, groups, limits, with programs of the fake engine.
#include <gtest/gtest.h>
#include <sched.h>

#include "kernel/clone_flags.h"
#include "kernel/signal.h"
#include "kernel/testing/sandbox.h"

namespace cloche::kernel::testing {
namespace {

constexpr int32_t kEagain = -11, kEchild = -10, kEsrch = -3, kEperm = -1, kEinval = -22,
                  kEacces = -13, kEnoent = -2, kEnoexec = -8, kEloop = -40, kE2big = -7,
                  kEfault = -14;
constexpr uint32_t kNoHang = 1, kUntraced = 2, kExited = 4, kContinued = 8, kNoWait = 0x01000000;
constexpr uint32_t kData = 0x2000;
using Lines = std::vector<std::string>;

TEST(ProcessTest, ExitCodeReachesTheHost) {
  TestSandbox box;
  EXPECT_EQ(box.run_program([](FakeGuest& g) { g.exit(42); }), 42 << 8);
  EXPECT_TRUE(box.last.exited);
  EXPECT_EQ(box.run_program([](FakeGuest& g) { g.exit(0x1ff); }), 0xff << 8);
  EXPECT_EQ(box.run_program([](FakeGuest&) {}), 0) << "returning from _start is exit(0)";
}

TEST(ProcessTest, ForkReturnsTwiceAndMemoryIsCopied) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    g.store<int32_t>(kData, 1);
    const int32_t pid = g.fork();
    if (pid == 0) {
      g.store<int32_t>(kData, 2);
      g.say("child " + std::to_string(g.call("getppid") > 1));
      g.exit(7);
    }
    int32_t wait_status = 0;
    if (g.wait(pid, &wait_status) != pid) g.exit(1);
    g.say("status " + std::to_string(wait_status >> 8));
    g.say("memory " + std::to_string(g.load<int32_t>(kData)));
    g.exit(0);
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(box.said(), (Lines{"child 1", "status 7", "memory 1"}));
  EXPECT_EQ(box.kernel().all_processes().size(), 0u);
}

TEST(ProcessTest, ForkTreesNest) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    int32_t total = 0;
    for (int depth = 0; depth < 4; ++depth) {
      const int32_t pid = g.fork();
      if (pid == 0) {
        total = 0;
        if (depth == 3) g.exit(1);
        continue;
      }
      int32_t child_status = 0;
      g.wait(pid, &child_status);
      g.exit(total + (child_status >> 8) + 1);
    }
    g.exit(99);
  });
  EXPECT_EQ(status, 5 << 8) << "each level adds one to what the one below returned";
}

TEST(ProcessTest, WaitOptions) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    if (g.call("waitid", 0, 0, 0, kExited, 0) != kEchild) g.exit(1);
    if (g.call("waitid", 0, 0, 0, 0, 0) != kEinval) g.exit(2);
    if (g.call("waitid", 9, 0, 0, kExited, 0) != kEinval) g.exit(3);
    const int32_t pid = g.fork();
    if (pid == 0) {
      g.call("kern.result");  // no call is suspended
      g.call("sched_yield");
      g.call("sched_yield");
      g.exit(5);
    }
    g.store<int32_t>(kData + 12, -1);
    if (g.call("waitid", 1, pid, kData, kExited | kNoHang, 0) != 0) g.exit(4);
    if (g.load<int32_t>(kData + 12) != 0) g.exit(5);
    if (g.call("waitid", 1, pid + 1, 0, kExited, 0) != kEchild) g.exit(6);
    int32_t wait_status = 0;
    if (g.wait(pid, &wait_status, kExited | kNoWait) != pid || wait_status != 5 << 8) g.exit(7);
    if (g.call("waitid", 1, pid, UINT32_MAX - 8, kExited, 0) != kEfault) g.exit(8);
    if (g.wait(pid, &wait_status) != pid || wait_status != 5 << 8) g.exit(9);
    if (g.wait(pid, &wait_status) != kEchild) g.exit(10);
  });
  EXPECT_EQ(status, 0);
}

TEST(ProcessTest, StopAndContinueAreReported) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    const int32_t pid = g.fork();
    if (pid == 0) {
      g.call("kill", g.call("getpid"), kSigStop);
      g.exit(3);
    }
    int32_t wait_status = 0;
    if (g.wait(pid, &wait_status, kExited | kUntraced) != pid) g.exit(1);
    if (wait_status != ((kSigStop << 8) | 0x7f)) g.exit(2);
    if (g.wait(pid, &wait_status, kExited | kUntraced | kNoHang) != 0) g.exit(3);
    g.call("kill", pid, kSigCont);
    if (g.wait(pid, &wait_status, kContinued) != pid || wait_status != 0xffff) g.exit(4);
    if (g.wait(pid, &wait_status) != pid || wait_status != 3 << 8) g.exit(5);
  });
  EXPECT_EQ(status, 0);
}

TEST(ProcessTest, IgnoredSigchldReapsByItself) {
  for (const uint32_t flags : {0u, uint32_t{kSaNoCldWait}}) {
    TestSandbox box;
    const int32_t status = box.run_program([flags](FakeGuest& g) {
      g.sigaction(kSigChld, flags ? 0 : 1, flags);
      const int32_t pid = g.fork();
      if (pid == 0) g.exit(1);
      int32_t wait_status = 0;
      // The wait ends without a child when the last one is gone.
      g.exit(g.wait(pid, &wait_status) == kEchild ? 0 : 1);
    });
    EXPECT_EQ(status, 0);
  }
}

TEST(ProcessTest, OrphansBelongToPidOne) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    const int32_t middle = g.fork();
    if (middle == 0) {
      if (g.fork() == 0) {
        for (int i = 0; i < 10; ++i) g.call("sched_yield");
        g.say("parent " + std::to_string(g.call("getppid")));
        g.exit(0);
      }
      g.exit(0);
    }
    int32_t wait_status;
    g.wait(middle, &wait_status);
    for (int i = 0; i < 20; ++i) g.call("sched_yield");
    g.exit(g.wait(-1, &wait_status) == kEchild ? 0 : 1);
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(box.said(), Lines{"parent 1"});
}

TEST(ProcessTest, TrapsEndOneProcessWithTheRightSignal) {
  const std::pair<engine::TrapKind, int32_t> kinds[] = {
      {engine::TrapKind::kUnreachable, kSigIll},
      {engine::TrapKind::kMemoryOutOfBounds, kSigSegv},
      {engine::TrapKind::kDivisionByZero, kSigFpe},
      {engine::TrapKind::kStackOverflow, kSigSegv},
      {engine::TrapKind::kBadIndirectCall, kSigSegv},
      {engine::TrapKind::kUncaughtException, kSigAbrt},
  };
  for (const auto& [kind, signo] : kinds) {
    TestSandbox box;
    const int32_t status = box.run_program([kind = kind](FakeGuest& g) {
      const int32_t pid = g.fork();
      if (pid == 0) g.trap(kind);
      int32_t wait_status = 0;
      g.wait(pid, &wait_status);
      g.exit(wait_status & 0x7f);
    });
    EXPECT_EQ(status, signo << 8);
    EXPECT_FALSE(box.log.empty());
  }
  TestSandbox box;
  EXPECT_EQ(box.run_program([](FakeGuest& g) { g.trap(engine::TrapKind::kUnreachable); }), kSigIll);
  EXPECT_FALSE(box.last.exited);
  EXPECT_EQ(box.last.message, "trap");
}

TEST(ProcessTest, VforkSharesMemoryAndHoldsTheParent) {
  TestSandbox box;
  box.program("other", [](FakeGuest& g) {
    g.say("other runs");
    g.exit(9);
  });
  const int32_t status = box.run_program([](FakeGuest& g) {
    g.store<int32_t>(kData, 1);
    const uint32_t path = g.text(0x3000, "/bin/other");
    const uint32_t argv = g.list(0x3100, {"other"});
    const int32_t pid = g.call("kern.vfork");
    if (pid == 0) {
      g.store<int32_t>(kData, 2);
      g.call("sched_yield");
      g.say("child");
      g.call("execve", path, argv, 0);
      g.exit(1);
    }
    g.say("parent sees " + std::to_string(g.load<int32_t>(kData)));
    int32_t wait_status = 0;
    g.wait(pid, &wait_status);
    g.exit(wait_status >> 8);
  });
  EXPECT_EQ(status, 9 << 8);
  EXPECT_EQ(box.said(), (Lines{"child", "parent sees 2", "other runs"}));
}

TEST(ProcessTest, KilledVforkParentLeavesTheChildRunning) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    const int32_t middle = g.fork();
    if (middle == 0) {
      if (g.call("kern.vfork") == 0) {
        g.call("kill", g.call("getppid"), kSigKill);
        for (int i = 0; i < 5; ++i) g.call("sched_yield");
        g.say("child of " + std::to_string(g.call("getppid")));
        g.exit(0);
      }
      g.exit(1);
    }
    int32_t wait_status = 0;
    g.wait(middle, &wait_status);
    for (int i = 0; i < 20; ++i) g.call("sched_yield");
    g.exit(wait_status & 0x7f);
  });
  EXPECT_EQ(status, kSigKill << 8);
  EXPECT_EQ(box.said(), Lines{"child of 1"});
}

constexpr uint32_t kThreadFlags = kCloneVm | kCloneFs | kCloneFiles | kCloneSighand | kCloneThread |
                                  kCloneSysvSem | kCloneParentSetTid | kCloneChildClearTid;

TEST(ProcessTest, ThreadsShareMemoryAndJoinByClearTid) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    constexpr uint32_t kTid = 0x4000;
    const int32_t tid = g.call("kern.clone", kThreadFlags, 0x8000, kTid, 0, kTid);
    if (tid == 0) {
      g.store<int32_t>(kData, 5);
      g.say("same process " + std::to_string(g.call("gettid") != g.call("getpid")));
      g.call("kern.thread_exit", 0);
      g.exit(1);
    }
    if (g.load<int32_t>(kTid) == tid) g.call("futex_time64", kTid, 0, tid, 0, 0, 0);
    g.say("cleared " + std::to_string(g.load<int32_t>(kTid)));
    g.exit(g.load<int32_t>(kData));
  });
  EXPECT_EQ(status, 5 << 8);
  EXPECT_EQ(box.said(), (Lines{"same process 1", "cleared 0"}));
}

TEST(ProcessTest, ExitGroupAndExecEndOtherThreads) {
  TestSandbox box;
  box.program("next", [](FakeGuest& g) { g.exit(g.call("gettid") == g.call("getpid") ? 6 : 1); });
  const int32_t status = box.run_program([](FakeGuest& g) {
    const uint32_t path = g.text(0x3000, "/bin/next");
    if (g.call("kern.clone", kThreadFlags, 0x8000, 0x4000, 0, 0x4000) == 0) {
      g.call("execve", path, 0, 0);  // from a thread that is not the first
      g.exit(1);
    }
    for (;;) g.tick();
  });
  EXPECT_EQ(status, 6 << 8);
}

TEST(ProcessTest, CloneIsChecked) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    if (g.call("kern.clone", kSigChld, 0, 0, 0, 0) != kEinval) g.exit(1);
    if (g.call("kern.clone", kCloneVm | kCloneThread, 0, 0, 0, 0) != kEinval) g.exit(2);
    for (const uint32_t flag : {kCloneNewUser, kCloneNewNs, kCloneNewPid, kCloneNewNet})
      if (g.call("kern.clone", kCloneVm | flag, 0, 0, 0, 0) != kEperm) g.exit(3);
  });
  EXPECT_EQ(status, 0);
}

TEST(ProcessTest, ProcessLimitGivesEagainAndCountsZombies) {
  KernelLimits limits;
  limits.processes = 4;
  TestSandbox box(limits);
  const int32_t status = box.run_program([](FakeGuest& g) {
    int32_t made = 0;
    for (int i = 0; i < 10; ++i) {
      const int32_t pid = g.fork();
      if (pid == 0) g.exit(0);
      if (pid == kEagain) break;
      if (pid < 0) g.exit(100);
      ++made;
    }
    int32_t wait_status;
    if (g.wait(-1, &wait_status) <= 0) g.exit(101);
    const int32_t pid = g.fork();
    if (pid == 0) g.exit(0);
    g.exit(pid > 0 ? made : 102);
  });
  EXPECT_EQ(status, 3 << 8);
  EXPECT_EQ(box.limits_reached, std::vector<std::string>{"pids.max 2"});
}

TEST(ProcessTest, ForkBombEndsAndIsKilledAtOnce) {
  KernelLimits limits;
  limits.processes = 64;
  TestSandbox box(limits);
  box.program("bomb", [](FakeGuest& g) {
    for (;;) {
      if (g.fork() < 0) g.call("sched_yield");
    }
  });
  EXPECT_GT(box.start("bomb"), 0);
  for (int i = 0; i < 20; ++i) box.kernel().run(10'000);
  EXPECT_LE(box.kernel().all_processes().size(), 64u);
  box.kernel().kill_all();
  EXPECT_EQ(box.kernel().all_processes().size(), 0u);
}

TEST(ProcessTest, ManyEndAtOnceAndTheirMemoryCountsUntilItIsGivenBack) {
  TestSandbox box;
  box.program("p", [](FakeGuest& g) { g.call("rt_sigsuspend", 0x2000, 8); });
  std::vector<int32_t> pids;
  for (int i = 0; i < 20; ++i) pids.push_back(box.start("p"));
  box.kernel().run(1'000'000);
  ASSERT_EQ(box.engine().contexts, 20);
  box.engine().host_bytes = 1 << 20;
  box.kernel().kill_all(Kernel::GiveBack::kSoon);
  box.engine().host_bytes = 0;
  EXPECT_EQ(box.kernel().tasks(), 0u);
  for (int32_t pid : pids) {
    ExitStatus status;
    ASSERT_TRUE(box.kernel().collect(pid, &status));
    EXPECT_EQ(status.signal, kSigKill);
  }
  while (box.kernel().usage().memory.processes > 0) sched_yield();
  EXPECT_EQ(box.engine().contexts, 0);

  for (int i = 0; i < 20; ++i) EXPECT_GT(box.start("p"), 0);
  box.kernel().kill_all(Kernel::GiveBack::kSoon);
  EXPECT_GT(box.start("p"), 0);  // waits for the memory of those
  EXPECT_EQ(box.engine().contexts, 1);
  box.kernel().kill_all();
  EXPECT_EQ(box.engine().contexts, 0);
}

TEST(ProcessTest, AJobEndsWithAllThatDescendsFromIt) {
  TestSandbox box;
  box.program("p", [](FakeGuest& g) {
    if (g.fork() == 0 && g.fork() == 0) g.call("setsid");
    g.call("rt_sigsuspend", 0x2000, 8);
  });
  const auto start = [&box](uint32_t job) {
    StartOptions options;
    options.path = "/bin/p";
    options.argv = {"p"};
    options.cwd = "/";
    options.job = job;
    return box.kernel().start(std::move(options)).value();
  };
  const int32_t first = start(1), second = start(2);
  box.settle();
  ASSERT_EQ(box.kernel().all_processes().size(), 6u);
  box.kernel().kill_job(1);
  for (const Process* process : box.kernel().all_processes()) EXPECT_EQ(process->job, 2u);
  EXPECT_EQ(box.kernel().all_processes().size(), 3u);
  ExitStatus status;
  EXPECT_FALSE(box.kernel().collect(first, &status)) << "nobody asks for it";
  EXPECT_EQ(box.settle(), Kernel::Idle::kWaiting) << "nothing is left to collect";
  EXPECT_NE(box.kernel().find(second), nullptr);
  box.kernel().kill_job(7);
  EXPECT_EQ(box.kernel().all_processes().size(), 3u);
}

TEST(ProcessTest, MemoryLimitEndsTheLargestProcess) {
  KernelLimits limits;
  limits.memory = 64 << 20;
  TestSandbox box(limits);
  box.program("small", [](FakeGuest& g) {
    const uint32_t path = g.text(0x3000, "/bin/large");
    const int32_t pid = g.fork();
    if (pid == 0) g.call("execve", path, 0, 0);
    int32_t wait_status = 0;
    g.wait(pid, &wait_status);
    g.exit(wait_status);
  });
  box.program(
      "large",
      [&box](FakeGuest& g) {
        g.say("large");
        for (;;) {
          box.engine().host_bytes = 65 << 20;
          box.clock().now += 1'000'000;
          g.tick();
        }
      },
      8 << 20);
  const int32_t pid = box.start("small");
  for (int i = 0; i < 100 && box.log.empty(); ++i) box.kernel().run(10'000'000);
  box.engine().host_bytes = 0;
  EXPECT_EQ(box.run(pid), kSigKill << 8);
  EXPECT_EQ(box.kernel().usage().memory_kills, 1u);
  ASSERT_EQ(box.log.size(), 1u);
  EXPECT_NE(box.log[0].find("memory.max"), std::string::npos);
  EXPECT_EQ(box.log[0].find("large"), 0u) << box.log[0];
  EXPECT_EQ(box.limits_reached, std::vector<std::string>{"memory.max 3"});
}

TEST(ProcessTest, GroupsAndSessions) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    const int32_t self = g.call("getpid");
    if (g.call("getsid", 0) != self || g.call("getpgid", 0) != self) g.exit(1);
    if (g.call("setsid") != kEperm) g.exit(2);
    if (g.call("setpgid", 0, 0) != kEperm) g.exit(3);  // a session leader
    if (g.call("setpgid", 0, -1) != kEinval) g.exit(4);
    if (g.call("setpgid", 9999, 0) != kEsrch) g.exit(5);
    if (g.call("getpgid", 9999) != kEsrch) g.exit(6);
    const int32_t pid = g.fork();
    if (pid == 0) {
      for (int i = 0; i < 4; ++i) g.call("sched_yield");
      if (g.call("getpgid", 0) != g.call("getpid")) g.exit(20);
      if (g.call("setsid") != kEperm) g.exit(21);  // leads a group
      g.exit(0);
    }
    if (g.call("setpgid", pid, 12345) != kEperm) g.exit(7);  // no such group
    if (g.call("setpgid", pid, pid) != 0) g.exit(8);
    int32_t wait_status;
    if (g.call("waitid", 2, pid, 0, kExited | kNoWait, 0) != 0) g.exit(9);
    g.wait(pid, &wait_status);
    g.exit(wait_status >> 8);
  });
  EXPECT_EQ(status, 0);
}

TEST(ProcessTest, ExecReplacesTheProgram) {
  TestSandbox box;
  box.program("second", [](FakeGuest& g) {
    constexpr uint32_t kBlock = 0x10000;
    const int32_t size = g.raw("kern.startup", 0, 0);
    if (g.raw("kern.startup", kBlock, size - 1) != kEinval) g.exit(1);
    if (g.raw("kern.startup", kBlock, size) != size) g.exit(2);
    const auto argc = g.load<uint32_t>(kBlock);
    std::string line;
    for (uint32_t i = 0; i < argc; ++i)
      line += g.string_at(g.load<uint32_t>(kBlock + 4 + 4 * i)) + "|";
    line += g.string_at(g.load<uint32_t>(kBlock + 4 + 4 * (argc + 1)));
    g.say(line);
    g.exit(0);
  });
  const int32_t status = box.run_program([](FakeGuest& g) {
    const uint32_t path = g.text(0x3000, "/bin/second");
    const uint32_t argv = g.list(0x3100, {"second", "a b", ""});
    const uint32_t envp = g.list(0x3200, {"X=1"});
    g.call("execve", path, argv, envp);
    g.exit(1);
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(box.said(), Lines{"second|a b||X=1"});
}

TEST(ProcessTest, ExecErrors) {
  TestSandbox box;
  box.file("/tmp/text", "echo hello\n", 0755);
  box.file("/tmp/noexec", FakeEngine::file_of("x"), 0644);
  box.file("/tmp/unknown", FakeEngine::file_of("nobody"), 0755);
  box.file("/tmp/empty", "", 0755);
  box.file("/tmp/loop", "#!/tmp/loop\n", 0755);
  box.file("/tmp/nointerp", "#!\n", 0755);
  box.file("/tmp/gone", "#!/no/such\n", 0755);
  box.file("/tmp/longline", "#!/" + std::string(300, 'x') + "\n", 0755);
  const int32_t status = box.run_program([](FakeGuest& g) {
    const auto exec = [&g](const char* path) {
      return g.call("execve", g.text(0x3000, path), 0, 0);
    };
    if (exec("/tmp/text") != kEnoexec) g.exit(1);
    if (exec("/tmp/noexec") != kEacces) g.exit(2);
    if (exec("/tmp/unknown") != kEnoexec) g.exit(3);
    if (exec("/tmp/empty") != kEnoexec) g.exit(4);
    if (exec("/tmp/loop") != kEloop) g.exit(5);
    if (exec("/tmp/nointerp") != kEnoexec) g.exit(6);
    if (exec("/tmp/gone") != kEnoent) g.exit(7);
    if (exec("/tmp/longline") != kEnoexec) g.exit(8);
    if (exec("/tmp") != kEacces) g.exit(9);
    if (exec("") != kEnoent) g.exit(10);
    if (g.call("execve", 0xfffffff0u, 0, 0) != kEfault) g.exit(11);
    const uint32_t good = g.text(0x3000, "/bin/sh");
    if (g.call("execve", good, 0xfffffff0u, 0) != kEfault) g.exit(12);
    g.store<uint32_t>(0x3100, 0xfffffff0u);
    if (g.call("execve", good, 0x3100, 0) != kEfault) g.exit(13);
  });
  EXPECT_EQ(status, 0);
  ASSERT_FALSE(box.log.empty());
  EXPECT_NE(box.log[0].find("env.magic"), std::string::npos) << "the log names the import";
}

TEST(ProcessTest, ArgumentsAreLimited) {
  KernelLimits limits;
  limits.argument_bytes = 4096;
  TestSandbox box(limits);
  const int32_t status = box.run_program([](FakeGuest& g) {
    const uint32_t path = g.text(0x3000, "/bin/none");
    const uint32_t argv = g.list(0x10000, {std::string(5000, 'a')});
    g.exit(g.call("execve", path, argv, 0) == kE2big ? 0 : 1);
  });
  EXPECT_EQ(status, 0);
}

TEST(ProcessTest, ScriptsRunTheirInterpreter) {
  TestSandbox box;
  box.program("interp", [](FakeGuest& g) {
    constexpr uint32_t kBlock = 0x10000;
    g.raw("kern.startup", kBlock, g.raw("kern.startup", 0, 0));
    std::string line;
    for (uint32_t i = 0; i < g.load<uint32_t>(kBlock); ++i)
      line += g.string_at(g.load<uint32_t>(kBlock + 4 + 4 * i)) + "|";
    g.say(line);
    g.exit(0);
  });
  box.file("/bin/script", "#! /bin/interp -a b c \nrest", 0755);
  box.file("/bin/outer", "#!/bin/script\n", 0755);
  EXPECT_EQ(box.run(box.start("script", {"script", "x"})), 0);
  EXPECT_EQ(box.run(box.start("outer", {"outer"})), 0);
  EXPECT_EQ(box.said(), (Lines{"/bin/interp|-a b c|/bin/script|x|",
                               "/bin/interp|-a b c|/bin/script|/bin/outer|"}));
}

TEST(ProcessTest, StartErrors) {
  TestSandbox box;
  box.file("/bin/data", "text", 0644);
  EXPECT_EQ(box.start("nothing"), kEnoent);
  EXPECT_EQ(box.start("/bin/data"), kEacces);
  EXPECT_EQ(box.start("data"), kEacces);
  EXPECT_EQ(box.start("x", {std::string("a\0b", 3)}), kEinval);
  EXPECT_EQ(box.kernel().all_processes().size(), 0u);
}

TEST(ProcessTest, ProtocolBreakersHarmOnlyThemselves) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    if (g.fork() == 0) {
      for (int i = 0; i < 4; ++i) g.call("sched_yield");
      g.exit(0);
    }
    // Asks for the result without having yielded, then calls something else: abandons the wait.
    if (g.raw("waitid", 0, 0, 0, kExited, 0) != -4096) g.exit(1);
    if (g.raw("kern.result") != -4096) g.exit(2);
    if (g.raw("getpid") <= 0) g.exit(3);
    if (g.raw("kern.result") != kEinval) g.exit(4);
    // The same with a fork that is never carried out.
    if (g.raw("kern.fork") != -4096) g.exit(5);
    if (g.raw("getpid") <= 0) g.exit(6);
    int32_t wait_status;
    if (g.wait(-1, &wait_status) <= 0) g.exit(7);
    if (g.wait(-1, &wait_status) != kEchild) g.exit(8);
    // Calls after exit are not served.
    g.raw("exit_group", 0);
    g.say("answer " + std::to_string(g.raw("getpid")));
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(box.said(), Lines{});
}

TEST(ProcessTest, UnknownCallsAreLoggedOnce) {
  TestSandbox box;
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    if (g.call("quotactl", 0, 0, 0, 0) != -38 || g.call("quotactl", 0, 0, 0, 0) != -38) g.exit(1);
  }),
            0);
  EXPECT_EQ(box.log.size(), 1u);
}

TEST(ProcessTest, LimitsNeverRise) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    constexpr int32_t kNoFile = 7;
    const auto set = [&g](uint64_t soft, uint64_t hard) {
      g.store(kData, soft);
      g.store(kData + 8, hard);
      return g.call("prlimit64", 0, kNoFile, kData, 0);
    };
    if (g.call("prlimit64", 0, kNoFile, 0, kData) != 0) g.exit(1);
    const auto hard = g.load<uint64_t>(kData + 8);
    if (set(hard, hard + 1) != kEperm) g.exit(2);
    if (set(10, 5) != kEinval) g.exit(3);
    if (set(10, 20) != 0 || set(20, 20) != 0) g.exit(4);
    if (set(20, 21) != kEperm) g.exit(5);
    if (g.call("prlimit64", 0, 16, 0, kData) != kEinval) g.exit(6);
  });
  EXPECT_EQ(status, 0);
}

TEST(ProcessTest, IdsCannotChange) {
  TestSandbox box;
  const int32_t status = box.run_program([](FakeGuest& g) {
    if (g.call("getuid") != 1000 || g.call("getegid") != 1000) g.exit(1);
    if (g.call("setuid", 0) != kEperm || g.call("setgid", 0) != kEperm) g.exit(2);
    if (g.call("setresuid", -1, 0, -1) != kEperm) g.exit(3);
    if (g.call("setuid", 1000) != 0 || g.call("setresgid", -1, 1000, -1) != 0) g.exit(4);
    if (g.call("setgroups", 0, 0) != kEperm) g.exit(5);
    if (g.call("setpriority", 0, 0, -5) != kEacces) g.exit(6);
  });
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace cloche::kernel::testing
