// Modules are loaded by threads of their own, which hold up nobody and end with the engine.
#include "engine/loader.h"

#include <poll.h>
#include <sched.h>
#include <sys/resource.h>

#include <atomic>

#include "engine/testing/fixture.h"

namespace cloche::engine {
namespace {

// A module that no other test loads; to compile 200 functions takes more than 100 ms.
std::vector<uint8_t> large_module(int functions, int number) {
  std::string text =
      "(memory 1) (func (export \"_start\") (drop (i32.const " + std::to_string(number) + ")))";
  std::string sums;
  for (int i = 0; i < 200; ++i) {
    sums += "(local.set 0 (i32.xor (i32.add (local.get 0) (local.get 1)) (i32.const 91)))";
    sums += "(if (i32.lt_s (local.get 0) (local.get 1)) (then (local.set 1 (local.get 0))))";
  }
  for (int i = 0; i < functions; ++i) text += "(func (param i32 i32) " + sums + ")";
  return guest(text);
}

class LoaderTest : public EngineFixture {
 protected:
  static std::shared_ptr<Loading> load_aside(std::vector<uint8_t> wasm,
                                             const CompileLimits& limits = {}) {
    auto loading = engine().load_aside(std::move(wasm), {}, limits);
    CHECK(loading.ok());
    return std::move(loading).value();
  }
  static bool readable(const Loading& loading, int timeout_ms) {
    pollfd entry{loading.fd(), POLLIN, 0};
    return poll(&entry, 1, timeout_ms) == 1;
  }
};

TEST_F(LoaderTest, TellsWhenItIsDone) {
  const auto loading = load_aside(large_module(200, 1));
  EXPECT_FALSE(readable(*loading, 0));
  EXPECT_FALSE(loading->done());
  EXPECT_GT(loading->held_bytes(), 0u);
  ASSERT_TRUE(readable(*loading, 60'000));
  ASSERT_TRUE(loading->done());
  EXPECT_TRUE(loading->result().ok());
  EXPECT_GT(loading->spent_ns(), 0);
  EXPECT_EQ(loading->held_bytes(), 0u);
  EXPECT_EQ(engine().find((*loading->result())->hash()), *loading->result());
}

TEST_F(LoaderTest, EndsAtItsLimits) {
  const auto in_time = load_aside(large_module(200, 2), {.max_ns = 20'000'000});
  const auto in_memory = load_aside(large_module(200, 3), {.max_bytes = 1 << 20});
  ASSERT_TRUE(readable(*in_time, 60'000));
  EXPECT_EQ(in_time->end(), Compilation::End::kTime);
  EXPECT_EQ(in_time->result().error().code, Code::kResourceExhausted);
  ASSERT_TRUE(readable(*in_memory, 60'000));
  EXPECT_EQ(in_memory->end(), Compilation::End::kMemory);
}

TEST_F(LoaderTest, EndsWhenItIsCancelled) {
  const auto loading = load_aside(large_module(400, 4));
  loading->cancel();
  ASSERT_TRUE(readable(*loading, 60'000));
  EXPECT_EQ(loading->end(), Compilation::End::kCancelled);
  EXPECT_FALSE(loading->result().ok());
}

TEST_F(LoaderTest, IsOfALowPriority) {
  std::atomic<int> nice = 0, policy = -1;
  EngineOptions options;
  options.host_functions = mini_kernel_functions();
  options.progress = [&nice, &policy](CompileStep, uint64_t) {
    nice = getpriority(PRIO_PROCESS, 0);
    policy = sched_getscheduler(0);
  };
  auto own = Engine::create(options);
  ASSERT_TRUE(own.ok());
  const int before = getpriority(PRIO_PROCESS, 0);
  auto loading = (*own)->load_aside(large_module(1, 5), {}, {});
  ASSERT_TRUE(loading.ok());
  ASSERT_TRUE(readable(**loading, 60'000));
  EXPECT_EQ(nice, std::max(before, 10));
  EXPECT_EQ(policy, SCHED_BATCH);
  EXPECT_EQ(getpriority(PRIO_PROCESS, 0), before);
}

TEST_F(LoaderTest, EndsWithTheEngine) {
  EngineOptions options;
  options.host_functions = mini_kernel_functions();
  auto own = Engine::create(options);
  ASSERT_TRUE(own.ok());
  auto loading = (*own)->load_aside(large_module(2'000, 6), {}, {});
  ASSERT_TRUE(loading.ok());
  own->reset();
  EXPECT_TRUE((*loading)->done());
  EXPECT_EQ((*loading)->end(), Compilation::End::kCancelled);
}

}  // namespace
}  // namespace cloche::engine
