// Contexts through the public interface: start, run, fork, clone, preemption, reuse.
#include "engine/engine.h"

#include <thread>

#include "engine/engine_impl.h"
#include "engine/testing/fixture.h"

namespace cloche::engine {
namespace {

class EngineTest : public EngineFixture {};

TEST_F(EngineTest, RunsToAnExit) {
  EXPECT_EQ(run(R"((memory 1) (func (export "_start") (call $exit (i32.const 7))))"), 7);
}

TEST_F(EngineTest, ReturnFromTheEntryEndsTheContext) {
  EXPECT_EQ(run(R"((memory 1) (func (export "_start")))"), 0);
}

TEST_F(EngineTest, ForkReturnsTwiceAndMemoryIsCopied) {
  EXPECT_EQ(run(R"((memory 2) (data (i32.const 100) "\05")
    (func (export "_start")
      (i32.store (i32.const 70000) (i32.const 40))
      (if (i32.eqz (call $fork)) (then
        (i32.store (i32.const 70000) (i32.add (i32.load (i32.const 70000)) (i32.const 1)))
        (call $exit (i32.add (i32.load (i32.const 70000)) (i32.load8_u (i32.const 100))))))
      (call $exit (i32.add (call $wait) (i32.mul (i32.load (i32.const 70000)) (i32.const 1000))))))"),
            40'046);
}

TEST_F(EngineTest, ForkCopiesGlobalsOfEveryType) {
  EXPECT_EQ(run(R"((memory 1)
    (global $a (mut i64) (i64.const 1)) (global $b (mut f32) (f32.const 1.5))
    (global $c (mut f64) (f64.const 2.5)) (global $d (mut v128) (v128.const i32x4 1 2 3 4))
    (func (export "_start")
      (global.set $a (i64.const 0x100000002))
      (if (i32.eqz (call $fork)) (then
        (global.set $a (i64.const 5)) (global.set $b (f32.const 9)) (global.set $c (f64.const 9))
        (global.set $d (v128.const i32x4 9 9 9 9))
        (call $exit (i32.const 0))))
      (drop (call $wait))
      (call $exit (i32.add
        (i32.add (i64.eq (global.get $a) (i64.const 0x100000002))
                 (f32.eq (global.get $b) (f32.const 1.5)))
        (i32.add (f64.eq (global.get $c) (f64.const 2.5))
                 (i32.eq (i32x4.extract_lane 3 (global.get $d)) (i32.const 4)))))))"),
            4);
}

// A fork deep in a recursion, both sides unwinding through the same inherited frames.
TEST_F(EngineTest, ForkInDeepRecursion) {
  const std::string body = R"((memory 1)
    (func $down (param $depth i32) (result i32) (local $mine i32)
      (local.set $mine (i32.mul (local.get $depth) (i32.const 3)))
      (if (result i32) (i32.eqz (local.get $depth))
        (then (call $fork))
        (else
          (i32.add (call $down (i32.sub (local.get $depth) (i32.const 1)))
                   (i32.sub (local.get $mine) (i32.mul (local.get $depth) (i32.const 3)))))))
    (func (export "_start")
      (if (i32.eqz (call $down (call $k_arg (i32.const 0)))) (then (call $exit (i32.const 5))))
      (call $exit (i32.add (call $wait) (i32.const 1)))))";
  for (int depth : {0, 1, 20, 500, 10'000}) EXPECT_EQ(run(body, {depth}), 6) << depth;
}

TEST_F(EngineTest, NestedForks) {
  EXPECT_EQ(run(R"((memory 1)
    (func (export "_start") (local $i i32) (local $sum i32)
      (loop $next
        (if (i32.eqz (call $fork)) (then
          (if (i32.eqz (call $fork)) (then (call $exit (i32.add (local.get $i) (i32.const 1)))))
          (call $exit (i32.add (call $wait) (i32.mul (i32.const 10) (i32.add (local.get $i) (i32.const 1)))))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $i) (i32.const 3))))
      (loop $next
        (local.set $sum (i32.add (local.get $sum) (call $wait)))
        (local.set $i (i32.sub (local.get $i) (i32.const 1)))
        (br_if $next (local.get $i)))
      (call $exit (local.get $sum))))"),
            66);
}

TEST_F(EngineTest, CloneSharesMemoryAndHasItsOwnStackPointer) {
  EXPECT_EQ(run(R"((memory 1)
    (func (export "_start") (local $turns i32)
      (if (i32.eqz (call $thread (i32.const 4096))) (then
        (i32.store (i32.const 0) (global.get $sp))
        (call $exit (i32.const 0))))
      (drop (call $wait))
      (call $exit (i32.add (i32.load (i32.const 0)) (i32.eq (global.get $sp) (i32.const 65536))))))"),
            4097);
}

TEST_F(EngineTest, CloneSetsTheThreadPointer) {
  auto module = load(R"((memory 1) (func (export "_start")
    (loop $l (call $k_sched) (call $yield)
      (br_if $l (i32.eqz (global.get $tp))))
    (call $exit (global.get $tp))))");
  MiniKernel unused(engine());  // the calls need a process behind them
  auto pool = engine().create_pool({});
  MiniKernel kernel(engine());
  ASSERT_TRUE(kernel.start(module, {}).ok());
  ASSERT_TRUE(kernel.step());
  Context& context = kernel.context(1);
  auto clone = context.clone(0, 77);
  ASSERT_TRUE(clone.ok());
  EXPECT_TRUE(context.shares_memory(**clone));
  (*clone)->set_user(context.user());
  EXPECT_EQ((*clone)->run().reason, Stop::Reason::kSuspended);  // in k.exit(77)
  EXPECT_EQ(kernel.requested_status(), 77);
  context.set_thread_pointer(5);
  EXPECT_EQ(kernel.run(), 5);
}

TEST_F(EngineTest, VforkRunsInTheParentsMemory) {
  EXPECT_EQ(run(R"((memory 1)
    (func (export "_start")
      (if (i32.eqz (call $vfork)) (then
        (i32.store (i32.const 8) (i32.const 55)) (call $exit (i32.const 3))))
      (call $exit (i32.add (call $wait) (i32.load (i32.const 8))))))"),
            58);
}

TEST_F(EngineTest, PreemptsALoopThatCallsNothing) {
  MiniKernel kernel(engine(), {.preempt = true});
  const uint64_t before = engine().stats().preemptions;
  EXPECT_EQ(run(kernel, R"((memory 1)
    (func $spin (param $n i32) (loop $l
      (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br_if $l (local.get $n))))
    (func (export "_start")
      (if (i32.eqz (call $fork)) (then
        (call $spin (i32.const 100000000)) (call $exit (i32.const 1))))
      (call $spin (i32.const 100000000))
      (call $exit (call $wait))))"),
            1);
  EXPECT_GT(engine().stats().preemptions, before + 4);
}

// Suspends without entering a function: it stops at the next tick all the same.
TEST_F(EngineTest, SuspendIsSeenByALoopAtTheNextTick) {
  EXPECT_EQ(run(R"((memory 1) (func (export "_start")
    (call $k_exit (i32.const 9)) (loop $l (br $l))))"),
            9);
}

TEST_F(EngineTest, ContextsMoveBetweenThreads) {
  auto module = load(R"((memory 1)
    (func (export "_start") (local $i i32)
      (if (i32.eqz (call $fork)) (then (nop)))
      (loop $l
        (i32.store (i32.const 4) (i32.add (i32.load (i32.const 4)) (i32.const 1)))
        (call $sched)
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $i) (i32.const 20))))
      (if (i32.eqz (call $k_result)) (then (nop)))
      (call $exit (i32.load (i32.const 4)))))");
  MiniKernel kernel(engine());
  ASSERT_TRUE(kernel.start(module, {}).ok());
  bool more = true;
  while (more) std::thread([&] { more = kernel.step(); }).join();
  EXPECT_EQ(kernel.status(), 20);
}

// A discarded context may stand anywhere: suspended, preempted, never run.
TEST_F(EngineTest, DiscardingAContextHarmsNoRelative) {
  auto module = load(R"((memory 1) (func (export "_start")
    (i32.store (i32.const 0) (i32.const 42))
    (call $sched) (call $sched)
    (call $exit (i32.load (i32.const 0)))))");
  MiniKernel kernel(engine());
  ASSERT_TRUE(kernel.start(module, {}).ok());
  ASSERT_TRUE(kernel.step());
  Context& context = kernel.context(1);
  auto never_run = context.fork();
  auto suspended = context.fork();
  ASSERT_TRUE(never_run.ok() && suspended.ok());
  EXPECT_EQ((*suspended)->run().reason, Stop::Reason::kSuspended);
  suspended->reset();
  never_run->reset();
  EXPECT_EQ(kernel.run(), 42);
}

TEST_F(EngineTest, AUsedSlotIsAsGoodAsNew) {
  auto module =
      load(R"((memory 2 100) (data (i32.const 8) "\07") (global $g (mut i32) (i32.const 3))
    (func (export "_start") (local $was i32)
      (local.set $was (i32.add (i32.add (i32.load (i32.const 8)) (global.get $g))
        (i32.add (i32.load (i32.const 70000)) (i32.mul (memory.size) (i32.const 100)))))
      (i32.store (i32.const 8) (i32.const 1)) (i32.store (i32.const 70000) (i32.const 1))
      (global.set $g (i32.const 1000))
      (drop (memory.grow (i32.const 5)))
      (i32.store (i32.const 400000) (i32.const 1))
      (if (i32.eqz (call $fork)) (then (call $exit (i32.const 0))))
      (drop (call $wait))
      (call $exit (local.get $was))))");
  MiniKernel kernel(engine());
  const uint64_t slots = engine().stats().slots;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(kernel.start(module, {}).ok());
    EXPECT_EQ(kernel.run(), 210);
    kernel.clear();
  }
  EXPECT_EQ(engine().stats().slots, slots + 1);
}

// The frames of a dead context stay on its slot's stack until the slot's call is ended.
TEST_F(EngineTest, ASlotSurvivesTheDeathOfADeepContext) {
  auto module = load(R"((memory 1)
    (func $deep (param i32) (result i32)
      (if (result i32) (local.get 0)
        (then (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
        (else (call $sched) (i32.const 0))))
    (func (export "_start") (call $exit (call $deep (call $k_arg (i32.const 0))))))");
  MiniKernel kernel(engine());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(kernel.start(module, {20'000}).ok());
    ASSERT_TRUE(kernel.step());
    kernel.clear();
    ASSERT_TRUE(kernel.start(module, {10}).ok());
    EXPECT_EQ(kernel.run(), 10);
    kernel.clear();
  }
  ASSERT_TRUE(kernel.start(module, {20'000}).ok());
  ASSERT_TRUE(kernel.step());  // and the pool goes with it
}

TEST_F(EngineTest, IdleSlotsAreCapped) {
  auto module = load(R"((memory 1) (func (export "_start")))");
  PoolOptions options;
  options.max_idle_slots = 2;
  auto pool = engine().create_pool(options);
  std::vector<std::unique_ptr<Context>> contexts;
  for (int i = 0; i < 5; ++i) {
    auto context = pool->start(module, nullptr);
    ASSERT_TRUE(context.ok());
    contexts.push_back(std::move(context).value());
  }
  contexts.clear();
  const uint64_t slots = engine().stats().slots;
  for (int i = 0; i < 3; ++i) {
    auto context = pool->start(module, nullptr);
    ASSERT_TRUE(context.ok());
    contexts.push_back(std::move(context).value());
  }
  EXPECT_EQ(engine().stats().slots, slots + 1);  // two of the three were there
}

TEST_F(EngineTest, ForgetsModulesThatNobodyUses) {
  constexpr int kMore = 256;  // as many as it keeps
  auto engine = std::move(EngineImpl::create_untested({})).value();
  const auto nth = [&engine](int n) {
    return engine
        ->load(assemble("(module (memory 1) (func (export \"_start\") (drop (i32.const " +
                        std::to_string(n) + "))))"),
               {})
        .value();
  };
  const ModuleRef used = nth(-1);
  const ModuleHash unused = nth(-2)->hash();
  EXPECT_NE(engine->find(unused), nullptr);
  for (int i = 0; i < kMore; ++i) (void)nth(i);
  EXPECT_EQ(engine->find(unused), nullptr);
  EXPECT_EQ(engine->find(used->hash()), used);
}

TEST_F(EngineTest, AMissingImportIsNamed) {
  auto module = engine().load(assemble(R"((module (import "linux" "fly" (func))
    (memory 1) (func (export "_start"))))"),
                              {});
  ASSERT_FALSE(module.ok());
  EXPECT_EQ(module.error().code, Code::kUnsupported);
  EXPECT_NE(module.error().message.find("linux.fly"), std::string::npos);
}

TEST_F(EngineTest, AnImportOfAnotherTypeIsNamed) {
  auto module = engine().load(assemble(R"((module (import "k" "exit" (func (param i64)))
    (memory 1) (func (export "_start"))))"),
                              {});
  ASSERT_FALSE(module.ok());
  EXPECT_EQ(module.error().code, Code::kUnsupported);
  EXPECT_NE(module.error().message.find("k.exit"), std::string::npos);
}

}  // namespace
}  // namespace cloche::engine
