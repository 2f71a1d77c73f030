// Exceptions over fork, with both collectors.
#include "engine/module.h"
#include "engine/testing/fixture.h"

namespace cloche::engine {
namespace {

class ExceptionTest : public EngineFixture {
 protected:
  static bool keeps_exceptions(const ModuleRef& module) {
    return static_cast<const ModuleImpl&>(*module).info().keeps_exceptions;
  }
};

// As setjmp and longjmp are compiled: caught by value, nothing is kept.
constexpr char kJump[] = R"((memory 1) (tag $jump (param i32 i64))
  (func $throw (param $value i32)
    (throw $jump (local.get $value) (i64.mul (i64.extend_i32_u (local.get $value)) (i64.const 1000003))))
  (func $jump (param $value i32)
    (block $caught (result i32 i64)
      (try_table (catch $jump $caught) (call $throw (local.get $value)))
      (unreachable))
    (i64.ne (i64.mul (i64.extend_i32_u (local.get $value)) (i64.const 1000003)))
    (if (then (call $exit (i32.const 98))))
    (i32.ne (local.get $value))
    (if (then (call $exit (i32.const 99)))))
  (func $jumps (param $count i32)
    (loop $next
      (call $jump (local.get $count))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $next (local.get $count))))
)";

TEST_F(ExceptionTest, JumpsOnBothSidesOfAFork) {
  const std::string body = std::string(kJump) + R"(
    (func (export "_start") (local $i i32)
      (loop $next
        (call $jumps (i32.const 500))
        (if (i32.eqz (call $fork)) (then
          (call $jumps (i32.const 700)) (call $sched) (call $jumps (i32.const 300))
          (call $exit (i32.const 0))))
        (call $sched) (call $jumps (i32.const 100))
        (if (call $wait) (then (call $exit (i32.const 97))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $i) (i32.const 50))))
      (call $exit (i32.const 5))))";
  EXPECT_FALSE(keeps_exceptions(load(body)));
  EXPECT_EQ(run(body), 5);
}

// The try block was entered before the fork, the throw comes after it, in both.
TEST_F(ExceptionTest, AThrowAfterTheForkFindsTheHandlerFromBefore) {
  EXPECT_EQ(run(std::string(kJump) + R"(
    (func $fork_and_throw
      (if (call $fork) (then (call $throw (i32.const 30))))
      (call $throw (i32.const 4)))
    (func (export "_start") (local $value i32)
      (block $caught (result i32 i64)
        (try_table (catch $jump $caught) (call $fork_and_throw))
        (unreachable))
      (drop)
      (local.set $value)
      (if (i32.eq (local.get $value) (i32.const 4)) (then (call $exit (i32.const 4))))
      (call $exit (i32.add (local.get $value) (call $wait)))))"),
            34);
}

// A program that holds an exception in a local while it forks; the child drops it and throws many
// of its own. With a collector that frees, the parent's would be gone.
TEST_F(ExceptionTest, AnExceptionHeldOverAForkStaysWhatItWas) {
  const std::string body = R"((memory 1) (tag $e (param i32 i64)) (tag $big (param i64 i64 i64 i64))
    (func $make (param $value i32) (result exnref) (local $kept exnref)
      (block $caught (result i32 i64 exnref)
        (try_table (catch_ref $e $caught)
          (throw $e (local.get $value)
            (i64.mul (i64.extend_i32_u (local.get $value)) (i64.const 1000003))))
        (unreachable))
      (local.set $kept) (drop) (drop) (local.get $kept))
    (func $churn (param $count i32)
      (loop $next
        (block $caught (result i64 i64 i64 i64)
          (try_table (catch $big $caught)
            (throw $big (i64.const -1) (i64.const -1) (i64.const -1) (i64.const -1)))
          (unreachable))
        (drop) (drop) (drop) (drop)
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br_if $next (local.get $count))))
    (func $check (param $kept exnref) (param $value i32)
      (block $caught (result i32 i64)
        (try_table (catch $e $caught) (throw_ref (local.get $kept)))
        (unreachable))
      (i64.ne (i64.mul (i64.extend_i32_u (local.get $value)) (i64.const 1000003)))
      (if (then (call $exit (i32.const 98))))
      (i32.ne (local.get $value))
      (if (then (call $exit (i32.const 99)))))
    (func (export "_start") (local $kept exnref) (local $i i32)
      (loop $next
        (local.set $kept (call $make (local.get $i)))
        (if (i32.eqz (call $fork)) (then
          (if (i32.and (local.get $i) (i32.const 1)) (then (call $check (local.get $kept) (local.get $i))))
          (local.set $kept (ref.null exn))
          (call $churn (i32.const 200))
          (call $exit (i32.const 3))))
        (if (i32.ne (call $wait) (i32.const 3)) (then (call $exit (i32.const 97))))
        (call $check (local.get $kept) (local.get $i))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $i) (i32.const 300))))
      (call $exit (i32.const 5))))";
  EXPECT_TRUE(keeps_exceptions(load(body)));
  EXPECT_EQ(run(body), 5);
}

// The collector that never frees fills its heap: that ends the context, not the host.
TEST_F(ExceptionTest, AFullExceptionHeapEndsTheContextAlone) {
  MiniKernel kernel(engine());
  EXPECT_EQ(run(kernel, R"((memory 1) (tag $big (param i64 i64 i64 i64 i64 i64 i64 i64))
    (global $held (mut i32) (i32.const 0))
    (func $churn (local $x exnref)
      (loop $next
        (block $caught (result i64 i64 i64 i64 i64 i64 i64 i64 exnref)
          (try_table (catch_ref $big $caught)
            (throw $big (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1)
                        (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1)))
          (unreachable))
        (local.set $x) (drop) (drop) (drop) (drop) (drop) (drop) (drop) (drop)
        (br $next)))
    (func (export "_start")
      (if (i32.eqz (call $fork)) (then (call $churn) (call $exit (i32.const 1))))
      (call $exit (i32.add (call $wait) (i32.const 1)))))"),
            MiniKernel::kTrapStatus + 1);
  EXPECT_EQ(kernel.last_trap(), TrapKind::kOutOfMemory) << kernel.trap_messages().back();
}

}  // namespace
}  // namespace cloche::engine
