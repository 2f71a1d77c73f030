// The engine through its public interface: start, run, fork, clone, memory.
#include "engine/engine.h"

#include <gtest/gtest.h>

#include "engine/testing/mini_kernel.h"

namespace cloche::engine {
namespace {

// Every fixture starts with these: the kernel's calls and the suspension protocol.
constexpr char kPrelude[] = R"(
  (import "k" "fork" (func $k_fork (param i32 i32)))
  (import "k" "wait" (func $k_wait))
  (import "k" "exit" (func $k_exit (param i32)))
  (import "k" "sched" (func $k_sched))
  (import "k" "result" (func $k_result (result i32)))
  (import "k" "status" (func $k_status (result i32)))
  (import "k" "arg" (func $k_arg (param i32) (result i32)))
  (import "k" "write" (func $k_write (param i32 i32)))
  (import "k" "grow" (func $k_grow (param i32) (result i32)))
  (import "k" "discard" (func $k_discard (param i32 i32) (result i32)))
  (global $sp (export "__stack_pointer") (mut i32) (i32.const 65536))
  (global $tp (export "__cloche_tp") (mut i32) (i32.const 0))
  (func $yield)
  (func $fork (result i32) (call $k_fork (i32.const 0) (i32.const 0)) (call $yield) (call $k_result))
  (func $wait (result i32) (call $k_wait) (call $yield) (drop (call $k_result)) (call $k_status))
  (func $sched (call $k_sched) (call $yield))
  (func $exit (param i32) (call $k_exit (local.get 0)) (loop $l (call $yield) (br $l)))
)";

std::vector<uint8_t> fixture(const std::string& body) {
  return assemble("(module " + std::string(kPrelude) + body + ")");
}

class EngineTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    EngineOptions options;
    options.host_functions = mini_kernel_functions();
    auto engine = Engine::create(options);
    ASSERT_TRUE(engine.ok()) << engine.error().message;
    engine_ = std::move(engine).value().release();
  }
  static void TearDownTestSuite() { delete engine_; }

  static ModuleRef load(const std::string& body) {
    auto module = engine_->load(fixture(body), {});
    EXPECT_TRUE(module.ok()) << (module.ok() ? "" : module.error().message);
    return module.ok() ? *module : nullptr;
  }
  static int run(const std::string& body, std::vector<int32_t> arguments = {}) {
    MiniKernel kernel(*engine_);
    Status started = kernel.start(load(body), std::move(arguments));
    EXPECT_TRUE(started.ok()) << (started.ok() ? "" : started.error().message);
    return kernel.run();
  }
  static Engine* engine_;
};

Engine* EngineTest::engine_ = nullptr;

TEST_F(EngineTest, RunsToAnExit) {
  EXPECT_EQ(run(R"((memory (export "memory") 1)
    (func (export "_start") (call $exit (i32.const 7))))"),
            7);
}

TEST_F(EngineTest, ForkReturnsTwiceAndMemoryIsCopied) {
  EXPECT_EQ(run(R"((memory (export "memory") 2) (data (i32.const 100) "\05")
    (func (export "_start") (local $pid i32)
      (i32.store (i32.const 70000) (i32.const 40))
      (local.set $pid (call $fork))
      (if (i32.eqz (local.get $pid)) (then
        (i32.store (i32.const 70000) (i32.add (i32.load (i32.const 70000)) (i32.const 1)))
        (call $exit (i32.add (i32.load (i32.const 70000)) (i32.load8_u (i32.const 100))))))
      (call $exit (i32.add (call $wait) (i32.mul (i32.load (i32.const 70000)) (i32.const 1000))))))"),
            40000 + 46);
}

}  // namespace
}  // namespace cloche::engine
