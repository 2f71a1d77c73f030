// Programs for WASI wait in a function that does not know of waiting, whichever way they call it.
#include <algorithm>

#include "engine/testing/fixture.h"

namespace cloche::engine {
namespace {

constexpr int32_t kSuspend = -4096;

// Gives the sum of its arguments, but at the second call only: the first one lets others run.
struct Twice {
  HostFunction sched;
  int calls = 0;

  static void call(void* env, Call& call, Value* values) noexcept {
    auto& self = *static_cast<Twice*>(env);
    if (++self.calls % 2 == 1) {
      Value none[1];
      self.sched.call(self.sched.env, call, none);
      values[0].i32 = kSuspend;
      return;
    }
    values[0].i32 += static_cast<int32_t>(values[1].i64);
  }
};

class StandInTest : public ::testing::Test {
 protected:
  StandInTest() {
    EngineOptions options;
    options.host_functions = mini_kernel_functions();
    for (const HostFunction& function : options.host_functions)
      if (function.name == "sched") twice_.sched = function;
    options.host_functions.push_back({"wasi_test",
                                      "twice",
                                      {ValueType::kI32, ValueType::kI64},
                                      {ValueType::kI32},
                                      &Twice::call,
                                      &twice_});
    auto created = Engine::create(options);
    CHECK(created.ok());
    engine_ = std::move(created).value();
  }

  int run(const std::string& body) {
    auto module = engine_->load(assemble(R"((module
      (import "k" "exit" (func $k_exit (param i32)))
      (import "wasi_test" "twice" (func $twice (param i32 i64) (result i32)))
      (import "k" "arg" (func $k_arg (param i32) (result i32)))
      (func $yield)
      (func $exit (param i32) (call $k_exit (local.get 0)) (loop $l (call $yield) (br $l)))
      (memory 8))" + body + ")"),
                                {});
    if (!module.ok()) ADD_FAILURE() << module.error().message;
    CHECK(module.ok());
    MiniKernel kernel(*engine_);
    EXPECT_TRUE(kernel.start(*module, {300'000}).ok());
    return kernel.run();
  }

  Twice twice_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(StandInTest, CallsAndTailCalls) {
  EXPECT_EQ(run(R"(
    (func $tail (param i32) (result i32) (return_call $twice (local.get 0) (i64.const 20)))
    (func (export "_start")
      (call $exit (i32.add (call $twice (i32.const 1) (i64.const 2)) (call $tail (i32.const 100))))))"),
            123);
  EXPECT_EQ(twice_.calls, 4);
}

TEST_F(StandInTest, TablesFilledInEachWay) {
  EXPECT_EQ(run(R"(
    (type $sum (func (param i32 i64) (result i32)))
    (table $a 3 funcref) (table $b 2 funcref)
    (elem (table $a) (i32.const 0) func $local $twice $local)
    (elem (table $b) (i32.const 0) funcref (ref.null func) (ref.func $twice))
    (global $known funcref (ref.func $twice))
    (func $local (param i32 i64) (result i32) (i32.const 50))
    (func (export "_start")
      (if (ref.is_null (global.get $known)) (then (call $exit (i32.const 1))))
      (call $exit (i32.add
        (i32.add (call_indirect $a (type $sum) (i32.const 1) (i64.const 2) (i32.const 0))
                 (call_indirect $a (type $sum) (i32.const 1) (i64.const 2) (i32.const 1)))
        (i32.add (call_indirect $a (type $sum) (i32.const 1) (i64.const 2) (i32.const 2))
                 (call_indirect $b (type $sum) (i32.const 3) (i64.const 4) (i32.const 1)))))))"),
            50 + 3 + 50 + 7);
  EXPECT_EQ(twice_.calls, 4);
}

TEST_F(StandInTest, ReferencesAndExports) {
  EXPECT_EQ(run(R"(
    (export "twice" (func $twice))
    (func (export "_start")
      (if (ref.is_null (ref.func $twice)) (then (call $exit (i32.const 1))))
      (call $exit (call $twice (i32.const 3) (i64.const -1)))))"),
            2);
  EXPECT_EQ(twice_.calls, 2);
}

// Both rewritings count functions behind the module's own.
TEST_F(StandInTest, BesideBulkMemory) {
  EXPECT_EQ(run(R"(
    (func (export "_start")
      (memory.fill (i32.const 0) (i32.const 9) (call $k_arg (i32.const 0)))
      (memory.copy (i32.const 300001) (i32.const 0) (call $twice (i32.const 100000) (i64.const 1)))
      (call $exit (i32.add (i32.load8_u (i32.const 400001)) (i32.load8_u (i32.const 400002))))))"),
            9);
  EXPECT_EQ(twice_.calls, 2);
  // A constant before a call is not the length of what follows the call.
  EXPECT_EQ(run(R"(
    (func (export "_start")
      (i32.const 0) (i32.const 9) (call $twice (i32.const 299999) (i64.const 1)) (memory.fill)
      (call $exit (i32.load8_u (i32.const 299999)))))"),
            9);
}

TEST_F(StandInTest, RefusesWhatIsNoFunctionOfWasi) {
  for (const char* import :
       {R"((import "wasi_test" "twice" (func (param i32) (result i32))))",
        R"((import "wasi_test" "twice" (func (param i32 i64) (result i64))))",
        R"((import "wasi_test" "twice" (func (param i32 i64) (result i32 i32))))",
        R"((import "wasi_test" "other" (func (result i32))))"}) {
    const auto module = engine_->load(
        assemble(std::string("(module ") + import + R"((memory 1) (func (export "_start"))))"), {});
    ASSERT_FALSE(module.ok()) << import;
    EXPECT_EQ(module.error().code, Code::kUnsupported) << module.error().message;
  }
  const auto bare = engine_->load(
      assemble(
          R"((module (import "wasi_test" "twice" (func $f)) (memory 1) (export "_start" (func $f))))"),
      {});
  EXPECT_FALSE(bare.ok());
}

}  // namespace
}  // namespace cloche::engine
