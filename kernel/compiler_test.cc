// Programs are compiled aside: the sandbox goes on, its limits hold, and what nobody waits for
// ends.
#include "kernel/compiler.h"

#include <gtest/gtest.h>

#include "kernel/io_state.h"
#include "kernel/testing/io_helpers.h"

namespace cloche::kernel {
namespace {

using namespace testing;

constexpr int32_t kNoMemory = -12;

class CompilerTest : public ::testing::Test {
 protected:
  // A sandbox in which /bin/next can be compiled, by a thread that ends with finish().
  void make(KernelLimits limits = {}) {
    box_ = std::make_unique<TestSandbox>(limits);
    box().program("next", [](FakeGuest& g) { g.exit(7); });
    box().program("other", [](FakeGuest& g) { g.exit(8); });
  }
  TestSandbox& box() { return *box_; }

  // Starts a program that executes another one, and says what that gave if it failed.
  int32_t start_exec(const std::string& name, const std::string& next) {
    box().program(name, [next](FakeGuest& g) { exec(g, next); });
    const int32_t pid = box().start(name);
    box().engine().loads_slowly = true;
    return pid;
  }
  static void exec(FakeGuest& g, const std::string& next) {
    const uint32_t path = g.text(kPathAt, "/bin/" + next);
    const uint32_t arguments = g.list(kTextAt, {next});
    g.say(std::to_string(g.call("execve", path, arguments, 0)));
    g.exit(1);
  }
  // As whoever runs the kernel does, once a thread has ended.
  void finish() {
    box().engine().finish_loading();
    HostPoller& host = box().kernel().io().host();
    for (const HostWait& wait : host.waits()) host.ready(wait.fd);
  }
  uint64_t waits() { return box().kernel().io().host().waits().size(); }

 private:
  std::unique_ptr<TestSandbox> box_;
};

TEST_F(CompilerTest, OthersRunMeanwhile) {
  make();
  const int32_t pid = start_exec("a", "next");
  EXPECT_EQ(box().settle(), Kernel::Idle::kWaiting);
  EXPECT_EQ(box().engine().loading(), 1);
  EXPECT_EQ(waits(), 1u);
  EXPECT_EQ(box().run_program([](FakeGuest& g) { g.exit(3); }), 3 << 8);
  finish();
  EXPECT_EQ(waits(), 0u);
  EXPECT_EQ(box().run(pid), 7 << 8);
  EXPECT_EQ(box().kernel().usage().compile_ns, 30);  // three programs
}

TEST_F(CompilerTest, WakingWithoutAReasonChangesNothing) {
  make();
  const int32_t pid = start_exec("a", "next");
  box().settle();
  HostPoller& host = box().kernel().io().host();
  for (const HostWait& wait : host.waits()) host.ready(wait.fd);
  EXPECT_EQ(box().settle(), Kernel::Idle::kWaiting);
  EXPECT_EQ(waits(), 1u);
  finish();
  EXPECT_EQ(box().run(pid), 7 << 8);
}

TEST_F(CompilerTest, OneAtATime) {
  make();
  const int32_t first = start_exec("a", "next"), second = start_exec("b", "other");
  box().settle();
  EXPECT_EQ(box().engine().loading(), 1);
  finish();
  EXPECT_EQ(box().run(first), 7 << 8);
  box().settle();
  EXPECT_EQ(box().engine().loading(), 1);
  finish();
  EXPECT_EQ(box().run(second), 8 << 8);
}

TEST_F(CompilerTest, SignalsWait) {
  make();
  box().program("a", [](FakeGuest& g) {
    g.on_signal(20, [](FakeGuest& in, int32_t) { in.say("handled"); });
    g.sigaction(kSigUsr1, 20);
    exec(g, "next");
  });
  const int32_t pid = box().start("a");
  box().engine().loads_slowly = true;
  box().settle();
  ASSERT_TRUE(box().kernel().signal(pid, kSigUsr1).ok());
  box().settle();
  EXPECT_EQ(box().said(), std::vector<std::string>{});
  finish();
  EXPECT_EQ(box().run(pid), 7 << 8);  // the handler went with its program
}

TEST_F(CompilerTest, AStoppedProcessHoldsUpNobody) {
  make();
  const int32_t stopped = start_exec("a", "next"), other = start_exec("b", "other");
  box().settle();
  ASSERT_TRUE(box().kernel().signal(stopped, kSigStop).ok());
  finish();
  box().settle();
  finish();
  EXPECT_EQ(box().run(other), 8 << 8);
  ASSERT_TRUE(box().kernel().signal(stopped, kSigCont).ok());
  EXPECT_EQ(box().run(stopped), 7 << 8);
}

TEST_F(CompilerTest, WhatNobodyWaitsForIsCancelledAndCounted) {
  make();
  const int32_t killed = start_exec("a", "next"), other = start_exec("b", "other");
  box().settle();
  ASSERT_TRUE(box().kernel().signal(killed, kSigKill).ok());
  box().settle();
  EXPECT_EQ(box().engine().loading(), 1);  // until the thread has seen it
  finish();
  EXPECT_EQ(box().kernel().usage().compile_ns, 30);  // a, b and what was cancelled
  ExitStatus status;
  EXPECT_TRUE(box().kernel().collect(killed, &status));
  box().settle();
  finish();
  EXPECT_EQ(box().run(other), 8 << 8);
}

TEST_F(CompilerTest, TheEndOfTheSandboxDoesNotWait) {
  make();
  start_exec("a", "next");
  box().settle();
  box().kernel().kill_all();
  EXPECT_EQ(waits(), 1u);
  finish();
  EXPECT_EQ(waits(), 0u);
}

TEST_F(CompilerTest, Time) {
  KernelLimits limits;
  limits.compile_ns = 15;
  make(limits);
  const int32_t pid = start_exec("a", "next");
  box().settle();
  finish();
  EXPECT_EQ(box().run(pid), 1 << 8);
  EXPECT_EQ(box().said(), std::vector<std::string>{std::to_string(kNoMemory)});
  EXPECT_EQ(box().limits_reached, std::vector<std::string>{"compile.time " + std::to_string(pid)});
  EXPECT_EQ(box().kernel().usage().compile_ns, 15);
  EXPECT_EQ(box().start("other"), kNoMemory);
  EXPECT_STREQ(box().kernel().refused_for(), "compile.time");
}

TEST_F(CompilerTest, Memory) {
  KernelLimits limits;
  limits.memory = 16 << 20;
  make(limits);
  const int32_t pid = start_exec("a", "next");
  box().engine().compile_bytes = 15 << 20;
  box().settle();
  EXPECT_GE(box().kernel().usage().memory.objects, 15u << 20);
  finish();
  EXPECT_LT(box().kernel().usage().memory.objects, 1u << 20);
  EXPECT_EQ(box().run(pid), 7 << 8);
  box().engine().compile_bytes = 16 << 20;
  EXPECT_EQ(box().start("other"), kNoMemory);
  EXPECT_STREQ(box().kernel().refused_for(), "memory.max");
  EXPECT_EQ(box().limits_reached, std::vector<std::string>{"memory.max 0"});
}

TEST_F(CompilerTest, AStartThatIsTriedAgain) {
  make();
  box().engine().loads_slowly = true;
  StartOptions options;
  options.path = "/bin/next";
  options.argv = {"next"};
  options.cwd = "/home";
  options.compile = StartOptions::Compile::kAside;
  EXPECT_TRUE(box().kernel().may_start());
  EXPECT_EQ(box().kernel().start(options).error(), Errno::kSUSPEND);
  EXPECT_FALSE(box().kernel().may_start());
  EXPECT_EQ(box().kernel().start(options).error(), Errno::kSUSPEND);
  EXPECT_EQ(box().engine().loading(), 1);
  EXPECT_EQ(box().kernel().all_processes().size(), 0u);
  finish();
  EXPECT_TRUE(box().kernel().may_start());
  const auto pid = box().kernel().start(options);
  ASSERT_TRUE(pid.ok());
  EXPECT_EQ(*pid, 2);  // as if it had been there at once
  EXPECT_EQ(box().kernel().usage().processes, 1u);
  EXPECT_EQ(box().run(*pid), 7 << 8);
}

TEST_F(CompilerTest, ItsTimeIsTheGuests) {
  make();
  Kernel& kernel = box().kernel();
  const int32_t pid = start_exec("a", "next");
  EXPECT_FALSE(kernel.pays_compiler());
  EXPECT_EQ(kernel.compile_cpu_ns(), 10);  // of "a"
  box().settle();
  EXPECT_TRUE(kernel.pays_compiler());
  const int64_t before = kernel.cpu_ns();
  finish();
  EXPECT_FALSE(kernel.pays_compiler());
  EXPECT_EQ(kernel.compile_cpu_ns(), 20);
  EXPECT_EQ(kernel.cpu_ns(), before + 10);
  kernel.settle_compiling();  // nothing twice
  EXPECT_EQ(kernel.compile_cpu_ns(), 20);
  EXPECT_EQ(box().run(pid), 7 << 8);
}

}  // namespace
}  // namespace cloche::kernel
