// Compilations end at their limits while they are under way, and leave nothing behind.
#include <chrono>
#include <thread>

#include "engine/testing/fixture.h"

namespace cloche::engine {
namespace {

using End = Compilation::End;

// A module that no other test loads; to compile 200 functions takes about 200 ms.
std::vector<uint8_t> large_module(int functions, int number) {
  std::string text = "(memory 1) (func (export \"_start\") (call $exit (i32.const " +
                     std::to_string(number) + ")))";
  std::string sums;
  for (int i = 0; i < 100; ++i) {
    sums +=
        "(local.set 0 (i32.mul (i32.add (local.get 0) (local.get 1)) (i32.const 77)))"
        "(if (i32.lt_u (local.get 0) (local.get 1)) (then (local.set 1 (local.get 0))))";
  }
  for (int i = 0; i < functions; ++i) text += "(func (param i32 i32) " + sums + ")";
  return guest(text);
}

class CompileTest : public EngineFixture {
 protected:
  static void expect_ended(const std::vector<uint8_t>& wasm, Compilation& compilation, End why) {
    const uint64_t compiles = engine().stats().compiles;
    auto module = engine().load(wasm, {}, compilation);
    ASSERT_FALSE(module.ok());
    EXPECT_EQ(module.error().code, Code::kResourceExhausted);
    EXPECT_EQ(compilation.end, why);
    EXPECT_EQ(compilation.held_bytes, 0u);
    EXPECT_EQ(engine().stats().compiles, compiles);
  }
};

TEST_F(CompileTest, EndsAtItsTime) {
  const auto wasm = large_module(200, 1);
  Compilation compilation;
  compilation.max_ns = 30'000'000;
  expect_ended(wasm, compilation, End::kTime);
  EXPECT_GE(compilation.spent_ns, 30'000'000);
  EXPECT_LT(compilation.spent_ns, 60'000'000);
}

TEST_F(CompileTest, EndsAtItsMemory) {
  const auto wasm = large_module(200, 2);
  Compilation unlimited;
  ASSERT_TRUE(engine().load(large_module(200, 3), {}, unlimited).ok());
  EXPECT_EQ(unlimited.end, End::kNone);
  EXPECT_GT(unlimited.spent_ns, 30'000'000);
  Compilation compilation;
  compilation.max_bytes = 1 << 20;
  expect_ended(wasm, compilation, End::kMemory);
}

TEST_F(CompileTest, EndsWhenNobodyWaits) {
  Compilation before;
  before.cancelled = true;
  expect_ended(large_module(10, 4), before, End::kCancelled);
  Compilation meanwhile;
  std::thread other([&meanwhile] {
    while (meanwhile.spent_ns == 0) std::this_thread::yield();
    meanwhile.cancelled = true;
  });
  expect_ended(large_module(200, 5), meanwhile, End::kCancelled);
  other.join();
}

// Whoever waits for a compilation by another thread can give up, and does it itself if that ended.
TEST_F(CompileTest, TwoWantTheSame) {
  const auto wasm = large_module(200, 6);
  Compilation first, second, third;
  std::thread compiles([&] { expect_ended(wasm, first, End::kCancelled); });
  while (first.spent_ns == 0) std::this_thread::yield();
  second.cancelled = true;
  expect_ended(wasm, second, End::kCancelled);
  EXPECT_EQ(second.spent_ns, 0);
  std::thread waits([&] { EXPECT_TRUE(engine().load(wasm, {}, third).ok()); });
  first.cancelled = true;
  compiles.join();
  waits.join();
  EXPECT_GT(third.spent_ns, 0);
}

TEST_F(CompileTest, TheCompilerWorksAfterwards) {
  const auto wasm = large_module(200, 7);
  for (int ms = 1; ms < 20; ++ms) {
    Compilation compilation;
    compilation.max_ns = ms * 1'000'000;
    expect_ended(wasm, compilation, End::kTime);
  }
  auto module = engine().load(wasm, {});
  ASSERT_TRUE(module.ok());
  MiniKernel kernel(engine());
  ASSERT_TRUE(kernel.start(*module, {}).ok());
  EXPECT_EQ(kernel.run(), 7);
}

}  // namespace
}  // namespace cloche::engine
