// What a kernel inside another one costs that one.
#include "kernel/nested.h"

#include <gtest/gtest.h>

#include "kernel/state.h"
#include "kernel/testing/io_helpers.h"
#include "vfs/memfs.h"

namespace cloche::kernel {
namespace {

using namespace testing;

// Inside `box`, with the same programs at the same places.
class Inner final : public Nested {
 public:
  explicit Inner(TestSandbox& box, const KernelLimits& limits = {})
      : Inner(box, box.kernel(), limits) {}
  Inner(TestSandbox& box, Kernel& outer, const KernelLimits& limits = {}) {
    KernelOptions options;
    options.user.uid = options.user.gid = 1000;
    options.engine = &box.engine();
    options.clock = &box.clock();
    options.random = &box.kernel().random();
    options.outer = &outer;
    options.limits = limits;
    options.names = std::make_unique<vfs::Namespace>(box.kernel().names().root().inode);
    options.on_limit = [this](const char* limit, const Process* process) {
      told.push_back(std::string(limit) + " " + std::to_string(process ? process->pid : 0));
    };
    kernel_ = Kernel::create(std::move(options));
  }

  int32_t start(const std::string& name) {
    StartOptions options;
    options.path = "/bin/" + name;
    options.argv = {name};
    options.cwd = "/home";
    const auto pid = kernel_->start(std::move(options));
    return pid.ok() ? *pid : -static_cast<int32_t>(pid.error());
  }

  Kernel& kernel() override { return *kernel_; }
  const std::string& name() const override { return name_; }
  uint32_t job() const override { return job_; }
  bool ready(int64_t) override { return !held && kernel_->ready(); }
  int64_t next_deadline() override { return kernel_->next_deadline(); }
  Turn turn(int64_t slice_ns, const Question& should_stop) override {
    kernel_->run(slice_ns, should_stop);
    return Turn::kAlive;
  }

  bool held = false;  // it gets no turn
  std::vector<std::string> told;

 private:
  const std::string name_ = "inner";
  const uint32_t job_ = 7;
  std::unique_ptr<Kernel> kernel_;
};

Inner& add_inner(TestSandbox& box, const KernelLimits& limits = {}) {
  auto inner = std::make_unique<Inner>(box, limits);
  Inner& result = *inner;
  box.kernel().add_nested(std::move(inner));
  return result;
}

TEST(NestedTest, CompilingInsideIsSpentOutsideToo) {
  KernelLimits limits;
  limits.compile_ns = 20;  // a program takes 10
  TestSandbox box(limits);
  box.program("p", [](FakeGuest&) {});
  Inner& first = add_inner(box);
  EXPECT_GT(first.start("p"), 0);
  EXPECT_EQ(box.kernel().usage().compile_ns, 10);
  EXPECT_GT(first.start("p"), 0);
  EXPECT_EQ(box.kernel().usage().compile_ns, 20);
  Inner& second = add_inner(box);
  EXPECT_EQ(second.start("p"), -12);  // ENOMEM, although it has compiled nothing
  EXPECT_EQ(second.told, std::vector<std::string>{});
  EXPECT_EQ(box.limits_reached, std::vector<std::string>{"compile.time 0"});
  EXPECT_EQ(box.start("p"), -12);
  EXPECT_EQ(second.kernel().usage().compile_ns, 0);
}

TEST(NestedTest, ProcessesAndForksInsideCountOutside) {
  KernelLimits limits;
  limits.processes = 3;
  limits.fork_rate = 4;
  TestSandbox box(limits);
  box.program("p", [](FakeGuest& g) { g.call("rt_sigsuspend", 0x2000, 8); });
  Inner& inner = add_inner(box);
  for (int i = 0; i < 3; ++i) EXPECT_GT(inner.start("p"), 0);
  EXPECT_EQ(box.kernel().tasks(), 3u);
  EXPECT_EQ(box.start("p"), -11);  // EAGAIN
  inner.kernel().kill_all();
  EXPECT_EQ(box.kernel().tasks(), 0u);
  EXPECT_GT(box.start("p"), 0);
  EXPECT_TRUE(box.limits_reached == std::vector<std::string>{"pids.max 0"});
  EXPECT_EQ(inner.start("p"), -11);  // the rate
  EXPECT_EQ(box.limits_reached.back(), "forks.rate 0");
  box.kernel().kill_all();
}

using Told = std::vector<std::string>;

// The one whose limit it is hears of it, whoever reached it; all around that one count it, too.
class LimitOfWhom : public ::testing::Test {
 protected:
  void make(const KernelLimits& outer, const KernelLimits& inner, Body body) {
    box_ = std::make_unique<TestSandbox>(outer);
    box_->program("p", std::move(body));
    inner_ = &add_inner(*box_, inner);
    ASSERT_EQ(inner_->start("p"), 2);
    box_->settle();
  }
  const LimitHits& hits_outside() { return box_->kernel().limit_hits(); }
  const LimitHits& hits_inside() { return inner_->kernel().limit_hits(); }

  std::unique_ptr<TestSandbox> box_;
  Inner* inner_ = nullptr;
};

TEST_F(LimitOfWhom, PidsOfTheOneOutside) {
  KernelLimits limits;
  limits.processes = 1;
  make(limits, {}, [](FakeGuest& g) { g.say(std::to_string(g.fork())); });
  EXPECT_EQ(box_->said(), Told{"-11"});
  EXPECT_EQ(box_->limits_reached, Told{"pids.max 2"});
  EXPECT_EQ(inner_->told, Told{});
  EXPECT_EQ(hits_outside(), (LimitHits{{"pids.max", 1}}));
  EXPECT_EQ(hits_inside(), LimitHits());
}

TEST_F(LimitOfWhom, PidsOfItsOwn) {
  KernelLimits limits;
  limits.processes = 1;
  make({}, limits, [](FakeGuest& g) { g.say(std::to_string(g.fork())); });
  EXPECT_EQ(box_->said(), Told{"-11"});
  EXPECT_EQ(box_->limits_reached, Told{});
  EXPECT_EQ(inner_->told, Told{"pids.max 2"});
  EXPECT_EQ(hits_outside(), (LimitHits{{"pids.max", 1}}));
  EXPECT_EQ(hits_inside(), (LimitHits{{"pids.max", 1}}));
}

TEST_F(LimitOfWhom, TimersAndWatches) {
  KernelLimits limits;
  limits.timers = limits.watches = 0;
  const auto body = [](FakeGuest& g) {
    g.say(std::to_string(g.call("timerfd_create", 1, 0)));
    g.text(kPathAt, "/");
    g.say(std::to_string(g.call("inotify_add_watch", g.call("inotify_init1", 0), kPathAt, 2)));
    const int32_t set = g.call("epoll_create1", 0), pipe = g.call("eventfd2", 0, 0);
    g.say(std::to_string(g.call("epoll_ctl", set, 1, pipe, kTextAt)));
  };
  make(limits, {}, body);
  EXPECT_EQ(box_->said(), (Told{"-23", "-28", "-28"}));
  EXPECT_EQ(box_->limits_reached, (Told{"timers.max 2", "watches.max 2", "watches.max 2"}));
  EXPECT_EQ(inner_->told, Told{});
  make({}, limits, body);
  EXPECT_EQ(box_->limits_reached, Told{});
  EXPECT_EQ(inner_->told, (Told{"timers.max 2", "watches.max 2", "watches.max 2"}));
}

TEST_F(LimitOfWhom, OpenFilesAndMemory) {
  KernelLimits limits;
  limits.open_files = 0;
  limits.memory = 8 << 20;
  const auto body = [](FakeGuest& g) {
    g.say(std::to_string(g.call("eventfd2", 0, 0)));
    g.say(std::to_string(g.call("mmap2", 0, 16 << 20, 3, 0x22, -1, 0)));
  };
  make({}, limits, body);
  EXPECT_EQ(box_->said(), (Told{"-24", "-12"}));
  EXPECT_EQ(inner_->told, (Told{"open_files.max 2", "memory.max 2"}));
  EXPECT_EQ(hits_outside(), (LimitHits{{"memory.max", 1}, {"open_files.max", 1}}));
  limits.open_files = 10;
  make(limits, {}, body);
  EXPECT_EQ(inner_->told, Told{});
  EXPECT_EQ(box_->limits_reached, Told{"memory.max 2"});
}

// Whoever wants the thread gets it at the next tick, however deep the sandbox is that has it.
TEST(NestedTest, MakesRoomForWhoeverAsks) {
  TestSandbox box;
  int64_t turns = 0;
  box.program("loop", [&turns](FakeGuest& g) {
    for (;; g.tick()) ++turns;
  });
  Inner& outer = add_inner(box);
  auto deepest = std::make_unique<Inner>(box, outer.kernel());
  ASSERT_GT(deepest->start("loop"), 0);
  outer.kernel().add_nested(std::move(deepest));
  const auto five = [](void* env) noexcept { return *static_cast<int64_t*>(env) >= 5; };
  box.kernel().run(1'000'000'000, {five, &turns});
  EXPECT_EQ(turns, 5);
  box.kernel().kill_all();
}

TEST(NestedTest, NewLimitsHoldInsideToo) {
  TestSandbox box;
  box.program("p", [](FakeGuest& g) { g.call("rt_sigsuspend", 0x2000, 8); });
  Inner& inner = add_inner(box);
  const int32_t pid = inner.start("p");
  KernelLimits limits = box.kernel().options().limits;
  limits.open_files = 10;
  limits.file_bytes = 1000;
  box.kernel().set_limits(limits);
  const Process& process = *inner.kernel().find(pid);
  EXPECT_EQ(process.limits[kLimitOpenFiles].hard, 10u);
  EXPECT_EQ(process.limits[kLimitFileSize].soft, 1000u);
  limits.open_files = 20;
  box.kernel().set_limits(limits);
  EXPECT_EQ(process.limits[kLimitOpenFiles].hard, 10u);
  box.kernel().kill_all();
}

TEST(NestedTest, OneProcessInsideEndsForTheMemoryOfAll) {
  KernelLimits limits;
  limits.memory = 64 << 20;
  TestSandbox box(limits);
  const auto grow = [&box](FakeGuest& g) {
    box.engine().host_bytes = 65 << 20;
    for (;;) g.tick();
  };
  box.program("large", grow, 8 << 20);
  box.program("small", grow, 4 << 20);
  Inner& inner = add_inner(box);
  const int32_t small = box.start("small"), large = inner.start("large");
  inner.held = true;
  for (int i = 0; i < 1000 && box.kernel().usage().memory_kills == 0; ++i) {
    box.kernel().run(1'000);
    box.clock().now += 1'000'000;
  }
  // Its memory is free at once, not only when the sandbox inside has its turn.
  EXPECT_EQ(box.kernel().usage().memory_kills, 1u);
  EXPECT_EQ(inner.kernel().find(large), nullptr);
  EXPECT_NE(box.kernel().find(small), nullptr);
  ExitStatus status;
  ASSERT_TRUE(inner.kernel().collect(large, &status));
  EXPECT_STREQ(status.limit, "memory.max");
  box.kernel().kill_all();
}

}  // namespace
}  // namespace cloche::kernel
